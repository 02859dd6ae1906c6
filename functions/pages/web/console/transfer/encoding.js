// The encoding of a file. The whole file decides, not its start: one letter on the last page tells UTF-8 from a legacy
// encoding.

import { known } from "./header.js";
import { Lines } from "./lines.js";
import { CANDIDATES, Rows } from "./rows.js";

/** The encodings that can be chosen, with their names for people. */
export const ENCODINGS = /** @type {const} */ ([
  ["utf-8", "Unicode (UTF-8)"],
  ["utf-16le", "Unicode (UTF-16)"],
  ["utf-16be", "Unicode (UTF-16, big-endian)"],
  ["windows-1252", "Western European (Windows-1252)"],
  ["windows-1250", "Central European (Windows-1250)"],
  ["windows-1251", "Cyrillic (Windows-1251)"],
  ["windows-1253", "Greek (Windows-1253)"],
  ["windows-1254", "Turkish (Windows-1254)"],
  ["macintosh", "Western European (Mac)"],
  ["koi8-r", "Cyrillic (KOI8-R)"],
  ["shift_jis", "Japanese (Shift_JIS)"],
  ["euc-jp", "Japanese (EUC-JP)"],
  ["gb18030", "Chinese (GB18030)"],
  ["big5", "Chinese (Big5)"],
  ["euc-kr", "Korean (EUC-KR)"],
]);

/** The legacy encodings that are recognized, the most probable first. */
const LEGACY = ["windows-1252", "windows-1250", "windows-1251", "shift_jis", "gb18030", "euc-kr", "big5"];
const IS_DOUBLE_BYTE = new Set(["shift_jis", "gb18030", "euc-kr", "big5"]);
/** The most bytes by which a legacy encoding is recognized. */
const SAMPLE_BYTES = 64 * 1024;

/**
 * The text of a file without a byte order mark.
 *
 * @param {Uint8Array} bytes
 * @param {string} encoding
 * @returns {string}
 */
export function decode(bytes, encoding) {
  return new TextDecoder(encoding).decode(bytes);
}

/**
 * The encoding of a file.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encodingOf(bytes) {
  return marked(bytes) ?? unmarkedUtf16(bytes) ?? counted(bytes);
}

/** @param {Uint8Array} bytes */
function marked([first, second, third]) {
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    return "utf-8";
  }
  if (first === 0xff && second === 0xfe) {
    return "utf-16le";
  }
  return first === 0xfe && second === 0xff ? "utf-16be" : null;
}

/**
 * UTF-16 without a byte order mark: every other byte of most texts is zero.
 *
 * @param {Uint8Array} bytes
 */
function unmarkedUtf16(bytes) {
  const start = bytes.subarray(0, SAMPLE_BYTES);
  const zeros = [0, 0];
  for (const [at, byte] of start.entries()) {
    zeros[at % 2] += Number(byte === 0);
  }
  const [even, odd] = zeros;
  if (start.length < 2 || (even + odd) * 3 < Math.floor(start.length / 2)) {
    return null;
  }
  if (even * 10 < odd) {
    return "utf-16le";
  }
  return odd * 10 < even ? "utf-16be" : null;
}

/** @param {Uint8Array} bytes */
function counted(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    // Some bytes are not UTF-8.
  }
  const text = decode(bytes, "utf-8");
  let letters = 0;
  let damaged = 0;
  // A file has millions of letters: no list of them is made.
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const isSecondHalf = unit >= 0xdc00 && unit <= 0xdfff;
    letters += Number(unit > 0x7f && !isSecondHalf);
    damaged += Number(unit === 0xfffd);
  }
  const legacy = legacyOf(bytes);
  // In a single-byte encoding few letters look like UTF-8. In the others, some do by chance.
  const needed = IS_DOUBLE_BYTE.has(legacy) ? 10 * damaged : damaged;
  return letters - damaged >= needed ? "utf-8" : legacy;
}

/** @param {Uint8Array} bytes */
function legacyOf(bytes) {
  const sample = linesWithLetters(bytes);
  const header = bytes.subarray(0, 4096);
  let best = { encoding: LEGACY[0], score: -Infinity };
  for (const encoding of LEGACY) {
    const score = knownHeaders(decode(header, encoding)) * 3 - strangeness(decode(sample, encoding)) * 10;
    if (score > best.score) {
      best = { encoding, score };
    }
  }
  return best.encoding;
}

/**
 * The lines with bytes beyond ASCII, up to a limit.
 *
 * @param {Uint8Array} bytes
 */
function linesWithLetters(bytes) {
  const sample = [];
  let start = 0;
  let hasLetters = false;
  for (let at = 0; at <= bytes.length && sample.length < SAMPLE_BYTES; at += 1) {
    const byte = bytes[at] ?? 10;
    hasLetters ||= byte > 127;
    if (byte === 10 || byte === 13) {
      if (hasLetters) {
        sample.push(...bytes.subarray(start, Math.min(at + 1, start + 4096)));
      }
      start = at + 1;
      hasLetters = false;
    }
  }
  return new Uint8Array(sample);
}

/**
 * The most known columns that a delimiter makes of the header.
 *
 * @param {string} text
 */
function knownHeaders(text) {
  const all = CANDIDATES.map((delimiter) => known(new Rows(new Lines(text), delimiter).next()?.fields ?? []));
  return Math.max(...all);
}

/**
 * The part of the letters beyond ASCII that stand where no language has them: from 0 to 1 or a little more.
 *
 * @param {string} text
 */
function strangeness(text) {
  const letters = [...text];
  let beyond = 0;
  let strange = 0;
  for (const [at, letter] of letters.entries()) {
    if (letter < "\x80") {
      continue;
    }
    beyond += 1;
    const [before, after] = [scriptOf(letters[at - 1]), scriptOf(letters[at + 1])];
    const script = scriptOf(letter);
    if (script === "damaged") {
      strange += 3;
    } else if (script === null) {
      // `³` within a word: it is a letter of another encoding.
      strange += Number(before === "latin" || after === "latin");
    } else if (script === "latin") {
      // Two accents in a row are rare.
      strange += Number((letters[at + 1] ?? "") >= "\x80" && after === "latin");
    } else {
      strange += Number([before, after].some((other) => other !== null && other !== script)) * 2;
      // Most Chinese characters without kana are those of a file that was read in a wrong encoding, or Chinese.
      strange += script === "rare" ? 1 : 0;
    }
  }
  return beyond === 0 ? 0 : strange / beyond;
}

/** @type {[string, RegExp][]} */
const SCRIPTS = [
  ["damaged", /[\ufffd\x80-\x9f\ue000-\uf8ff]/u],
  ["latin", /\p{Script=Latin}/u],
  ["cyrillic", /\p{Script=Cyrillic}/u],
  // Half-width katakana are what single bytes become.
  ["rare", /[\uff61-\uff9f]/u],
  ["han", /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]/u],
  ["hangul", /\p{Script=Hangul}/u],
];

/** @param {string | undefined} letter */
function scriptOf(letter) {
  if (letter === undefined) {
    return null;
  }
  return SCRIPTS.find(([, pattern]) => pattern.test(letter))?.[0] ?? null;
}
