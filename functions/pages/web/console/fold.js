// The forms in which the API compares names and phone numbers, for marking what it found. The contract, under "Search",
// says what they are. The API alone decides what is found: if this differs for a rare letter, a mark is missing and
// nothing else.

/**
 * A text in another form, and for each of its UTF-16 units the range of the original that it stands for.
 *
 * @typedef {object} Form
 * @property {string} text
 * @property {[start: number, end: number][]} ranges
 */

const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const APOSTROPHE = /[`\u{b4}ʹʻʼʽʾʿˈˊˋ\u{384}\u{55a}\u{5f3}\u{7f4}\u{7f5}\u{1fbd}\u{1fbf}\u{1ffe}‘’‛′‵Ꞌꞌ＇｀]/gu;
const DASH = /[\p{Dash}˗⁃➖]/gu;
/** Marks that count nowhere: Hebrew points, Arabic vowel signs and the tatweel. */
const POINT =
  /[\u0640\u0610-\u061a\u064b-\u0652\u0656-\u065e\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0897-\u089f\u08ca-\u08e1\u08e3-\u08ff]|(?=\p{M})\p{Script=Hebrew}/gu;
/** Latin, Greek and Cyrillic letters with marks; `й`, `ў` and `ї` are other letters than without. */
const MARKED = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])(\p{M}+)/gu;
/** What people type for Latin letters that do not decompose. */
const TYPED = new Map(
  Object.entries({ ł: "l", ø: "o", đ: "d", æ: "ae", œ: "oe", þ: "th", ð: "d", ı: "i", ħ: "h", ß: "ss", ς: "σ" }),
);
const SEPARATOR = /[\s\-.()[\]{}<>/\\~·•‧∙⋅・。۔⸱٫⁄∕⧸ー─━～\p{Ps}\p{Pe}\p{Pi}\p{Pf}]/u;
const WORD_BREAK = /[\s,،、，､﹐﹑︐︑]+/u;

/**
 * The folded form of a text, in which names are compared.
 *
 * @param {string} text
 * @returns {Form}
 */
export function fold(text) {
  const form = { text: "", /** @type {Form["ranges"]} */ ranges: [] };
  for (const { segment, index } of GRAPHEMES.segment(text)) {
    add(form, foldGrapheme(segment), [index, index + segment.length]);
  }
  return form;
}

/**
 * The bare form of a phone number: folded, without separators, with ASCII digits.
 *
 * @param {string} text
 * @returns {Form}
 */
export function bare(text) {
  const folded = fold(text);
  const form = { text: "", /** @type {Form["ranges"]} */ ranges: [] };
  let unit = 0;
  for (const character of folded.text) {
    if (!SEPARATOR.test(character)) {
      add(form, asciiDigit(character), folded.ranges[unit] ?? [0, 0]);
    }
    unit += character.length;
  }
  return form;
}

/**
 * The other reading of a bare number that starts with `00`.
 *
 * @param {Form} form
 * @returns {Form | null}
 */
export function withPlus({ text, ranges }) {
  const [first, second, ...rest] = ranges;
  if (!text.startsWith("00") || !first || !second) {
    return null;
  }
  return { text: `+${text.slice(2)}`, ranges: [[first[0], second[1]], ...rest] };
}

/**
 * The words of a folded text.
 *
 * @param {string} folded
 * @returns {string[]}
 */
export function words(folded) {
  return folded.split(WORD_BREAK).filter((word) => word !== "");
}

/** @param {string} grapheme */
function foldGrapheme(grapheme) {
  if (/^[\0-\x7f]*$/.test(grapheme)) {
    return grapheme.toLowerCase().replaceAll("`", "'");
  }
  const unified = (/** @type {string} */ text) =>
    text.replace(APOSTROPHE, "'").replace(DASH, "-").replaceAll("\u2800", " ");
  const decomposed = unified(unified(grapheme.replace(INVISIBLE, "").normalize("NFD")).normalize("NFKD"));
  const letters = decomposed
    .replace(POINT, "")
    .replace(/^\p{M}+/u, "")
    .replace(MARKED, (_, base, marks) => base + kept(base, marks))
    .toLowerCase();
  return [...letters]
    .map((letter) => TYPED.get(letter) ?? letter)
    .join("")
    .normalize("NFC");
}

/**
 * The mark that makes another letter, if it is among the marks.
 *
 * @param {string} base
 * @param {string} marks
 */
function kept(base, marks) {
  if (/[иу]/i.test(base) && marks.includes("\u0306")) {
    return "\u0306";
  }
  return /і/i.test(base) && marks.includes("\u0308") ? "\u0308" : "";
}

/** @param {string} character */
function asciiDigit(character) {
  const isDigit = (/** @type {number} */ code) => /\p{Nd}/u.test(String.fromCodePoint(code));
  const code = character.codePointAt(0) ?? 0;
  if (code < 128 || !isDigit(code)) {
    return character;
  }
  // The digits of a script are ten code points in a row, and some rows follow each other.
  let before = 0;
  while (isDigit(code - before - 1)) {
    before += 1;
  }
  return String(before % 10);
}

/**
 * @param {Form} form
 * @param {string} text
 * @param {[start: number, end: number]} range
 */
function add(form, text, range) {
  form.text += text;
  form.ranges.push(...Array.from(text.split(""), () => range));
}
