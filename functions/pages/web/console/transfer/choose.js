// Choosing a file: by a button, or by dropping it.

import { h } from "../dom.js";

/**
 * The view, and its button, which gets the focus.
 *
 * @param {(file: File) => void} onFile
 * @param {string | null} refusal why the last file cannot be imported
 * @returns {{ view: HTMLElement, focus: () => void }}
 */
export function chooser(onFile, refusal) {
  const input = h("input", {
    type: "file",
    accept: ".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain",
    className: "transfer-input",
    "aria-label": "File",
    onchange: () => input.files?.[0] && onFile(input.files[0]),
  });
  const area = h(
    "div",
    { className: "transfer-drop" },
    h("p", {}, "Drop a CSV file here, or choose one."),
    input,
    h(
      "p",
      { className: "transfer-hint" },
      "Exports from Google, Outlook, HubSpot, Salesforce and spreadsheets need no changes. Nothing is imported before you have seen a preview.",
    ),
  );
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) {
      onFile(file);
    }
  });
  const error = refusal === null ? null : h("p", { className: "transfer-error", role: "alert" }, refusal);
  return { view: h("div", {}, error, area), focus: () => input.focus() };
}
