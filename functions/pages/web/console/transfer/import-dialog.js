// The dialog of an import, step by step: choose a file, see what would be imported, import it, see what came of it.

import { open } from "../dialog.js";
import { fill, find, h } from "../dom.js";
import { isAbort } from "../errors.js";
import { count, many } from "../format.js";
import { chooser } from "./choose.js";
import { importTable } from "./importer.js";
import { rejectsView, settingsView, showOutcome } from "./preview.js";
import { Progress } from "./progress.js";
import { surveyOf } from "./survey.js";
import { Table, Unreadable } from "./table.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("./importer.js").Totals} Totals */
/** @typedef {import("./table.js").Options} Options */

/** The largest file: it is kept in memory. */
const MAX_MB = 100;

/**
 * Opens the dialog.
 *
 * @param {Context} context
 */
export function openImport(context) {
  new ImportDialog(context);
}

class ImportDialog {
  #context;
  #dialog;
  #content;
  #buttons;
  /** Ends what the step does. */
  #stop = new AbortController();
  #isRunning = false;
  /** What Escape does. @type {() => void} */
  #onCancel = () => this.#dialog.close();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#dialog = open({ title: "Import clients", content: [], buttons: [], onCancel: () => this.#onCancel() });
    this.#dialog.classList.add("transfer");
    this.#content = find(".content", HTMLElement, this.#dialog);
    this.#buttons = find(".buttons", HTMLElement, this.#dialog);
    this.#dialog.addEventListener("close", () => {
      // At a second Escape, a browser closes a dialog without asking: while an import runs it stays, to tell what came of it.
      if (this.#isRunning) {
        document.body.append(this.#dialog);
        this.#dialog.showModal();
        this.#onCancel();
      } else {
        this.#stop.abort();
      }
    });
    // A file that is dropped beside the area must not replace the page.
    for (const type of ["dragover", "drop"]) {
      this.#dialog.addEventListener(type, (event) => event.preventDefault());
    }
    this.#choose(null);
  }

  /**
   * A new step.
   *
   * @returns {AbortSignal}
   */
  #step() {
    this.#stop.abort();
    this.#stop = new AbortController();
    return this.#stop.signal;
  }

  /** @param {string | null} refusal */
  #choose(refusal) {
    this.#step();
    const { view, focus } = chooser((file) => void this.#read(file), refusal);
    this.#onCancel = () => this.#dialog.close();
    fill(this.#content, view);
    fill(
      this.#buttons,
      this.#button("Cancel", () => this.#dialog.close()),
    );
    focus();
  }

  /** @param {File} file */
  async #read(file) {
    const signal = this.#step();
    fill(this.#content, h("p", { role: "status" }, `Reading ${file.name}…`));
    if (file.size > MAX_MB * 1024 * 1024) {
      const advice = "The operator's tool imports files of any size: `admin org import`. Or split it.";
      this.#choose(`${file.name} cannot be imported here. It is larger than ${MAX_MB} MB. ${advice}`);
      return;
    }
    /** @type {Uint8Array} */
    let bytes;
    try {
      bytes = new Uint8Array(await file.arrayBuffer());
    } catch {
      const folder = "It may be a folder, or was changed or moved meanwhile. Choose it again.";
      this.#choose(`${file.name} cannot be read. ${folder}`);
      return;
    }
    if (!signal.aborted) {
      this.#preview(file.name, bytes, {});
    }
  }

  /**
   * @param {string} name
   * @param {Uint8Array} bytes
   * @param {Options} options
   */
  #preview(name, bytes, options) {
    const outcome = h("div", { className: "transfer-outcome" });
    const settings = h("div");
    const overwrite = h("input", { type: "checkbox" });
    const submit = h("button", { type: "button", className: "primary" }, "Import");
    let current = options;
    submit.addEventListener("click", () => void this.#import(bytes, current, goods, overwrite.checked));
    let goods = 0;

    /** Reads the file as the options say, and shows what comes of it. */
    const show = async (/** @type {Options} */ chosen, isNewTable = true) => {
      const signal = this.#step();
      current = chosen;
      submit.disabled = true;
      submit.textContent = "Import";
      let table;
      try {
        table = new Table(bytes, chosen);
        // Recognizing it again would take time.
        current = { ...chosen, encoding: table.encoding };
        if (isNewTable) {
          const example = firstRecord(new Table(bytes, current));
          fill(
            settings,
            settingsView(table, example, (changed) => void show(changed, changed.parts === undefined)),
          );
        }
      } catch (error) {
        if (!(error instanceof Unreadable)) {
          throw error;
        }
        this.#choose(`${name} cannot be imported. ${error.message}`);
        return;
      }
      showOutcome(outcome, table, null);
      if (table.obstacle) {
        return;
      }
      try {
        const survey = await surveyOf(table, { signal });
        showOutcome(outcome, table, survey);
        goods = survey.good;
        submit.disabled = goods === 0;
        submit.textContent = goods > 0 ? `Import ${many(goods)}` : "Import";
      } catch (error) {
        if (!isAbort(error)) {
          throw error;
        }
      }
    };

    fill(
      this.#content,
      h("p", { className: "transfer-file" }, h("strong", {}, name)),
      settings,
      outcome,
      h(
        "label",
        { className: "transfer-overwrite" },
        overwrite,
        " Replace existing clients, including fields that the file does not have: they become empty, and the status active. Otherwise existing clients are left as they are.",
      ),
    );
    fill(
      this.#buttons,
      this.#button("Choose another file", () => this.#choose(null)),
      this.#button("Cancel", () => this.#dialog.close()),
      submit,
    );
    this.#onCancel = () => this.#dialog.close();
    void show(options).then(() => {
      const [select] = settings.querySelectorAll("select");
      // The button may not be there any more: the file was refused.
      (submit.disabled ? select : submit)?.focus();
    });
  }

  /**
   * @param {Uint8Array} bytes
   * @param {Options} options
   * @param {number} total
   * @param {boolean} overwrite
   */
  async #import(bytes, options, total, overwrite) {
    const signal = this.#step();
    const table = new Table(bytes, options);
    const progress = new Progress("Imported");
    progress.update(0, total);
    const stop = this.#button("Stop", () => {
      stop.disabled = true;
      stop.textContent = "Stopping…";
      this.#stop.abort();
    });
    this.#onCancel = () => stop.click();
    fill(this.#content, progress.element);
    fill(this.#buttons, stop);
    const stay = (/** @type {Event} */ event) => event.preventDefault();
    addEventListener("beforeunload", stay);
    stop.focus();
    this.#isRunning = true;
    /** @type {Totals} */
    let totals = { done: 0, created: 0, replaced: 0, there: 0, rejects: [] };
    let failure = null;
    try {
      totals = await importTable(this.#context.api, table, {
        overwrite,
        signal,
        onProgress: (soFar) => {
          totals = soFar;
          progress.update(soFar.done, total);
        },
        onWait: (wait) => progress.waits(wait),
      });
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    removeEventListener("beforeunload", stay);
    this.#isRunning = false;
    const again = () => void this.#import(bytes, options, total, overwrite);
    this.#report(totals, table.columns.headers, totals.done < total, failure, again);
    await this.#context.refresh();
  }

  /**
   * @param {Totals} totals
   * @param {string[]} headers
   * @param {boolean} isPart whether records were not tried
   * @param {string | null} failure
   * @param {() => void} again imports the same file with the same settings
   */
  #report({ created, replaced, there, rejects }, headers, isPart, failure, again) {
    const numbers = [
      created > 0 && `${count(created)} created`,
      replaced > 0 && `${count(replaced)} replaced`,
      there > 0 && `${count(there)} there already and left as they are`,
    ].filter((text) => text !== false);
    const done =
      numbers.length > 0 ? `${many(created + replaced + there)}: ${numbers.join(", ")}.` : "Nothing was imported.";
    const advice = "Choose Continue, or import the same file later with the same settings: nothing is imported twice.";
    fill(
      this.#content,
      failure === null
        ? null
        : h("p", { className: "transfer-error", role: "alert" }, `The import stopped. ${failure}`),
      h("p", { className: "transfer-facts", role: "status" }, done),
      isPart ? h("p", {}, advice) : null,
      rejects.length > 0 && !isPart ? rejectsView(rejects, headers, true) : null,
    );
    const close = this.#button("Close", () => this.#dialog.close());
    const canContinue = isPart || rejects.some(({ isDelayed }) => isDelayed);
    fill(this.#buttons, canContinue ? this.#button("Continue", again) : null, close);
    this.#onCancel = () => this.#dialog.close();
    close.focus();
  }

  /**
   * @param {string} label
   * @param {() => void} onclick
   */
  #button(label, onclick) {
    return h("button", { type: "button", onclick }, label);
  }
}

/**
 * The fields of the first record.
 *
 * @param {Table} table
 * @returns {string[]}
 */
function firstRecord(table) {
  return table.next()?.original ?? [];
}
