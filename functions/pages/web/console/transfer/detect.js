// What a file is, by its content. Its name says nothing: people rename workbooks to `.csv`.

const WORKBOOK = "It is a workbook of a spreadsheet program. Open it there and save the sheet as CSV (UTF-8).";
const EMPTY = "It is empty.";
const FOR_OPERATORS = "This page imports CSV. The operator's tool imports such files too: `admin org import`.";

/** @type {[string, string][]} the first bytes of files that are not text */
const SIGNATURES = [
  ["%PDF-", "It is a PDF. Ask for the data as CSV."],
  ["{\\rtf", "It is a document (RTF). Save its table as CSV."],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WORKBOOK],
  ["\x1f\x8b", "It is an archive (gzip). Unpack it first."],
  ["7z\xbc\xaf\x27\x1c", "It is an archive (7z). Unpack it first."],
  ["Rar!\x1a\x07", "It is an archive (RAR). Unpack it first."],
  ["BZh91AY", "It is an archive (bzip2). Unpack it first."],
  ["\xfd7zXZ\0", "It is an archive (xz). Unpack it first."],
  ["(\xb5/\xfd", "It is an archive (zstd). Unpack it first."],
  ["\x89PNG", "It is an image. Ask for the data as CSV."],
  ["\xff\xd8\xff", "It is an image. Ask for the data as CSV."],
  ["GIF8", "It is an image. Ask for the data as CSV."],
  ["SQLite format 3\0", "It is a database. Export its table as CSV."],
];

/**
 * Why the file is no CSV file, and what to do then; `null` if it may be one.
 *
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
export function refusalOfBytes(bytes) {
  if (bytes.length === 0) {
    return EMPTY;
  }
  const start = latin1(bytes.subarray(0, 256 * 1024));
  if (start.startsWith("PK\x03\x04")) {
    if (start.includes("word/") || start.includes("opendocument.text")) {
      return "It is a document of a word processor. Save its table as CSV.";
    }
    const isWorkbook = ["xl/", "[Content_Types].xml", "opendocument.spreadsheet", "Index/Document.iwa"];
    return isWorkbook.some((part) => start.includes(part)) ? WORKBOOK : "It is an archive (ZIP). Unpack it first.";
  }
  return SIGNATURES.find(([signature]) => start.startsWith(signature))?.[1] ?? null;
}

/**
 * The same for the text of a file.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function refusalOfText(text) {
  const sample = text.slice(0, 256 * 1024).trimStart();
  if (sample === "") {
    return "It is empty: it has only blank lines.";
  }
  const controls = sample.match(/[\0-\x08\x0b\x0c\x0e-\x1e\x7f]/g)?.length ?? 0;
  if (controls * 20 >= sample.length) {
    return "It is not text. If it is in UTF-16 or UTF-32, save it as UTF-8.";
  }
  const line = /^[^\r\n]*/.exec(sample)?.[0] ?? "";
  if (/^BEGIN:VCARD/i.test(line)) {
    return `It is a vCard. ${FOR_OPERATORS}`;
  }
  if (/^BEGIN:VCALENDAR/i.test(line)) {
    return "It is a calendar. Export the contacts as CSV.";
  }
  if (/^\{\s*(?:["}\]]|$)/.test(line)) {
    return `It is NDJSON. ${FOR_OPERATORS}`;
  }
  if (/^\[\s*(?:["}\]{]|$)/.test(line)) {
    return "It is one JSON array. Export the data as CSV.";
  }
  if (line.startsWith("<")) {
    return refusalOfMarkup(sample.slice(0, 4096).toLowerCase());
  }
  return null;
}

/** @param {string} start */
function refusalOfMarkup(start) {
  if (start.startsWith("<?xml") && start.includes("urn:schemas-microsoft-com:office:spreadsheet")) {
    return WORKBOOK;
  }
  if (/<(?:!doctype html|html|table|head|body|meta)/.test(start)) {
    return "It is a web page (HTML), perhaps a login or an error page. Download the data again.";
  }
  return "It is XML. Export the data as CSV.";
}

/**
 * The bytes as letters, one for each.
 *
 * @param {Uint8Array} bytes
 */
function latin1(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
