// A name that is joined from its parts, in the order of its custom.

const KANA = "\\u{3040}-\\u{30ff}\\u{31f0}-\\u{31ff}\\u{ff66}-\\u{ff9f}";
const HAS_KANA = new RegExp(`[${KANA}]`, "u");
/** Chinese characters, kana and Hangul. */
const EAST_ASIAN = new RegExp(
  `^[${KANA}々〇\\u{1100}-\\u{11ff}\\u{3400}-\\u{4dbf}\\u{4e00}-\\u{9fff}\\u{ac00}-\\u{d7a3}\\u{f900}-\\u{faff}\\u{20000}-\\u{3ffff}]+$`,
  "u",
);

/**
 * The parts of a person's name, each trimmed, empty if there is none.
 *
 * @typedef {{ given: string, middle: string, family: string, suffix: string, isFamilyFirst: boolean }} NameParts
 */

/**
 * The family name is first in Chinese, Japanese, Korean, Hungarian and Vietnamese. Names in Chinese characters and
 * Hangul have no space.
 *
 * @param {NameParts} parts
 * @returns {string}
 */
export function joined({ given, middle, family, suffix, isFamilyFirst }) {
  const isEastAsian = EAST_ASIAN.test(family) && EAST_ASIAN.test(given);
  if (isEastAsian && !HAS_KANA.test(family + given)) {
    return family + middle + given;
  }
  const parts = isEastAsian || isFamilyFirst ? [family, given, middle, suffix] : [given, middle, family, suffix];
  return parts.filter((part) => part !== "").join(" ");
}
