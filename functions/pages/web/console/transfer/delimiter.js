// The delimiter of a table. The header decides: the delimiter that splits it into known columns is right, whatever the
// notes contain.

import { haveName, recognized } from "./columns.js";
import { known, readHeader } from "./header.js";
import { Lines } from "./lines.js";
import { CANDIDATES, NO_DELIMITER, Rows } from "./rows.js";

/** The most rows whose width is compared with that of the header. */
const ROWS = 50;

/**
 * The delimiter that the line `sep=;` names, as spreadsheet programs write it before the header.
 *
 * @param {string} line
 * @returns {string | null}
 */
export function announced(line) {
  const found = /^(?:"sep=([\x20-\x7e\t])"|sep=([\x20-\x7e\t]))$/i.exec(line);
  return found ? (found[1] ?? found[2]) : null;
}

/**
 * The most probable delimiter of a table that begins with `sample`.
 *
 * @param {string} sample
 * @returns {string}
 */
export function guess(sample) {
  let best = { delimiter: NO_DELIMITER, score: [0] };
  for (const delimiter of CANDIDATES) {
    const score = scoreOf(sample, delimiter);
    if (isGreater(score, best.score)) {
      best = { delimiter, score };
    }
  }
  return best.delimiter;
}

/**
 * Whether the header has several columns, whether one has names, how many are known, how many rows are as wide, and how
 * many columns there are.
 *
 * @param {string} sample
 * @param {string} delimiter
 */
function scoreOf(sample, delimiter) {
  const rows = new Rows(new Lines(sample), delimiter);
  const header = readHeader(rows);
  const names = header && "names" in header ? header.names : [];
  if (names.length < 2) {
    return [0];
  }
  let same = 0;
  for (let at = 0; at < ROWS; at += 1) {
    const row = rows.next();
    if (!row) {
      break;
    }
    same += Number(row.fields?.length === names.length);
  }
  return [1, Number(haveName(recognized(names))), known(names), same, names.length];
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function isGreater(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at] > (other[at] ?? -1);
}
