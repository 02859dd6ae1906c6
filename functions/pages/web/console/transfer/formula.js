// Texts that a spreadsheet would run as formulas. An apostrophe before them makes them texts, and can be taken away
// again without doubt: docs/moving-data.md has the rule, and the operator's tool follows it too.

const AT_RISK = /^'*(?: *[=+\-@＝＋－＠\t\r\n]|$)/;

/**
 * The text as a cell of a spreadsheet. An empty cell is no text.
 *
 * @param {string | null} text
 * @returns {string}
 */
export function defused(text) {
  if (text === null) {
    return "";
  }
  return AT_RISK.test(text) ? `'${text}` : text;
}

/**
 * The text in a cell; `null` if there is none.
 *
 * @param {string} cell
 * @returns {string | null}
 */
export function undone(cell) {
  if (cell === "") {
    return null;
  }
  return cell.startsWith("'") && AT_RISK.test(cell.slice(1)) ? cell.slice(1) : cell;
}
