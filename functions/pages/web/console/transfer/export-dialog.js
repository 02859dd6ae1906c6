// The dialog of an export: where the file goes, how far it is, and what came of it.

import { open } from "../dialog.js";
import { isAbort } from "../errors.js";
import { many } from "../format.js";
import { h } from "../dom.js";
import { persist } from "../retry.js";
import { csvSink } from "./download.js";
import { exportTable } from "./exporter.js";
import { Progress } from "./progress.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("../retry.js").Wait} Wait */

/**
 * Exports the clients that match the filter.
 *
 * @param {Context} context
 */
export async function exportClients(context) {
  const stop = new AbortController();
  const progress = new Progress("Exported");
  const cancel = h("button", { type: "button", onclick: () => stop.abort() }, "Cancel");
  const dialog = open({
    title: "Export clients",
    content: [progress.element],
    buttons: [cancel],
    onCancel: () => stop.abort(),
  });
  const options = { signal: stop.signal, onWait: (/** @type {Wait | null} */ wait) => progress.waits(wait) };
  const sayNothing = () => context.toast({ text: "There is nothing to export: no client matches." });
  /** @type {import("./download.js").Sink | null} */
  let sink = null;
  try {
    // Nobody is asked for a file that would be empty. If this takes longer than a browser lets the click count, it does
    // not ask, and the file is downloaded.
    const filter = context.filter();
    const probe = await persist(() => context.api.list({ ...filter, limit: 1 }, options), options);
    if (probe?.total === 0) {
      sayNothing();
      return;
    }
    progress.update(0, probe?.total ?? 0);
    sink = await csvSink(`clients-${new Date().toISOString().slice(0, 10)}.csv`);
    if (!sink) {
      return;
    }
    const { written, hasChanged } = await exportTable(context.api, filter, {
      ...options,
      write: sink.write,
      onProgress: (done, total) => progress.update(done, total),
    });
    if (written === 0) {
      await sink.abort();
      sayNothing();
      return;
    }
    await sink.close();
    const text = `Exported ${many(written)} to ${sink.name}.`;
    if (hasChanged) {
      const changed = "Others changed clients during the export, so some may be missing. Export again to be sure.";
      context.toast({ kind: "error", text: `${text} ${changed}` });
    } else {
      context.toast({ text });
    }
  } catch (error) {
    await sink?.abort().catch(() => {});
    if (isAbort(error)) {
      context.toast({ text: "The export was cancelled." });
    } else {
      const reason = error instanceof Error ? error.message : String(error);
      context.toast({ kind: "error", text: `The export failed: ${reason}` });
    }
  } finally {
    dialog.close();
  }
}
