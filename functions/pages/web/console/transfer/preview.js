// What would be imported: how the file is read, its columns, the first clients, and the records that cannot be imported.

import { fill, h } from "../dom.js";
import { count, many } from "../format.js";
import { shown } from "./columns.js";
import { downloadCsv } from "./download.js";
import { ENCODINGS } from "./encoding.js";
import { mappingTable } from "./mapping.js";
import { fileOf } from "./rejects.js";
import { CANDIDATES, NO_DELIMITER } from "./rows.js";

/** @typedef {import("./table.js").Table} Table */
/** @typedef {import("./table.js").Options} Options */
/** @typedef {import("./survey.js").Survey} Survey */
/** @typedef {import("./rejects.js").Reject} Reject */

/** The most records that cannot be imported that are shown; all are in their file. */
const SHOWN = 100;

/** @type {Record<string, string>} */
const DELIMITERS = {
  ",": "Comma",
  ";": "Semicolon",
  "\t": "Tab",
  "|": "Bar |",
  "^": "Caret ^",
  ":": "Colon",
  [NO_DELIMITER]: "None: one column",
};

/**
 * The part of the preview by which people say how the file is read. It stays while they do.
 *
 * @param {Table} table
 * @param {string[]} example the first record
 * @param {(options: Options) => void} onChange
 * @returns {HTMLElement}
 */
export function settingsView(table, example, onChange) {
  const { encoding, delimiter, isHeaderless } = table;
  const encodings = select("Encoding", [...ENCODINGS], encoding, (chosen) =>
    onChange({ encoding: chosen, isHeaderless }),
  );
  const all = [...new Set([...CANDIDATES, NO_DELIMITER, delimiter])];
  const delimiters = select(
    "Columns are separated by",
    all.map((one) => [one, DELIMITERS[one] ?? one]),
    delimiter,
    (chosen) => onChange({ encoding, delimiter: chosen, isHeaderless }),
  );
  const columns = table.isOurs
    ? h("p", {}, "It is an export of this API: clients keep their identifiers.")
    : h(
        "details",
        { open: table.obstacle !== null, className: "transfer-columns" },
        h("summary", {}, `Columns: ${readColumns(table)}`),
        h(
          "div",
          { className: "transfer-scroll", tabIndex: 0, role: "region", "aria-label": "Columns" },
          mappingTable(table.columns, example, (parts) => onChange({ encoding, delimiter, isHeaderless, parts })),
        ),
      );
  const headerless = h("input", {
    type: "checkbox",
    checked: isHeaderless,
    onchange: () => onChange({ encoding, delimiter, isHeaderless: headerless.checked }),
  });
  const first =
    isHeaderless || table.obstacle !== null
      ? h("label", {}, headerless, " The first row is a client, not a header.")
      : null;
  return h("div", {}, h("div", { className: "transfer-settings" }, encodings, delimiters), first, columns);
}

/**
 * Fills the part of the preview that shows what comes of it.
 *
 * @param {HTMLElement} element
 * @param {Table} table
 * @param {Survey | null} survey `null` while the file is read
 */
export function showOutcome(element, table, survey) {
  if (table.obstacle) {
    fill(
      element,
      h(
        "p",
        { className: "transfer-error", role: "alert" },
        "No column is known to have names. Choose the one that has them, under Columns. If the first row is a client, and not a header, say so first.",
      ),
    );
    return;
  }
  if (!survey) {
    fill(element, h("p", {}, "Reading the file…"));
    return;
  }
  const { good, rejects, sample } = survey;
  const idAt = table.isOurs ? -1 : table.columns.parts.indexOf("id");
  const facts = [
    `${many(good)} can be imported`,
    rejects.length > 0 && `${many(rejects.length, "record")} cannot`,
    table.empty > 0 && `${many(table.empty, "row")} ${table.empty === 1 ? "is" : "are"} empty`,
    table.headerLine > 1 && `the header is on line ${count(table.headerLine)}`,
  ].filter((fact) => fact !== false);
  fill(
    element,
    h("p", { className: "transfer-facts", role: "status" }, `${facts.join("; ")}.`),
    good === 0 && rejects.length === 0
      ? h("p", { className: "transfer-error", role: "alert" }, "The file has no records: there is nothing to import.")
      : null,
    idAt >= 0
      ? h(
          "p",
          {},
          `Clients are recognized by the column “${shown(table.columns, idAt)}”. If it has no identifiers of clients, choose Not imported for it, under Columns.`,
        )
      : null,
    sample.length > 0 ? sampleTable(sample, good) : null,
    rejects.length > 0 ? rejectsView(rejects, table.columns.headers, false) : null,
  );
}

/**
 * Records that were not imported, and a button that downloads them.
 *
 * @param {Reject[]} rejects
 * @param {string[]} headers
 * @param {boolean} wasTried whether the import is over
 * @returns {HTMLElement}
 */
export function rejectsView(rejects, headers, wasTried) {
  const delayed = rejects.filter(({ isDelayed }) => isDelayed).length;
  const state = wasTried ? "were not imported" : "cannot be imported";
  const rows = rejects
    .slice(0, SHOWN)
    .map(({ line, error }) =>
      h("tr", {}, h("td", { className: "transfer-number" }, count(line)), h("td", {}, inWords(error))),
    );
  const more = rejects.length - rows.length;
  return h(
    "section",
    { className: "transfer-rejects" },
    h("h3", {}, `${many(rejects.length, "record")} ${rejects.length === 1 && wasTried ? "was not imported" : state}`),
    h(
      "div",
      { className: "transfer-scroll", tabIndex: 0, role: "region", "aria-label": `Records that ${state}` },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Line"), h("th", { scope: "col" }, "Reason"))),
        h("tbody", {}, ...rows),
      ),
    ),
    more > 0 ? h("p", {}, `And ${count(more)} more: they are all in the file.`) : null,
    delayed > 0
      ? h(
          "p",
          {},
          `${many(delayed, "record")} could not be taken by the API now. Choose Continue to try again: nothing is imported twice.`,
        )
      : null,
    h(
      "p",
      {},
      h(
        "button",
        { type: "button", onclick: () => downloadCsv("not-imported.csv", fileOf(headers, rejects)) },
        "Download these records",
      ),
      delayed < rejects.length ? " Correct what is wrong there, and import that file." : null,
    ),
  );
}

/**
 * @param {Survey["sample"]} sample
 * @param {number} good
 */
function sampleTable(sample, good) {
  const head = ["Name", "Phone", "Status", "Notes"].map((text) => h("th", { scope: "col" }, text));
  const rows = sample.map(({ client: { name, phone, status, notes } }) =>
    h(
      "tr",
      {},
      h("td", {}, name),
      h("td", {}, phone ?? ""),
      h("td", {}, status),
      h("td", { className: "transfer-notes" }, notes ?? ""),
    ),
  );
  return h(
    "section",
    {},
    h(
      "h3",
      {},
      sample.length < good ? `The first ${sample.length}, as they would be imported` : "As they would be imported",
    ),
    h(
      "div",
      { className: "transfer-scroll", tabIndex: 0, role: "region", "aria-label": "Clients as they would be imported" },
      h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
    ),
  );
}

/**
 * The reason as a sentence. In a file it has the names of fields in backquotes, as the operator's tool says it.
 *
 * @param {string} error
 */
function inWords(error) {
  const text = error.replaceAll("`", "");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

/** @param {Table} table */
function readColumns({ columns }) {
  const read = columns.parts.filter((part) => part !== null && part !== "noPhone").length;
  return `${count(read)} of ${count(columns.parts.length)} are imported`;
}

/**
 * @param {string} label
 * @param {(readonly [string, string])[]} choices
 * @param {string} chosen
 * @param {(value: string) => void} onChange
 */
function select(label, choices, chosen, onChange) {
  const element = h(
    "select",
    { onchange: () => onChange(choices[element.selectedIndex][0]) },
    ...choices.map(([, text]) => h("option", {}, text)),
  );
  element.selectedIndex = choices.findIndex(([value]) => value === chosen);
  return h("label", {}, label, " ", element);
}
