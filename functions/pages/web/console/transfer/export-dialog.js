// The dialog of an export: where the file goes, how far it is, and what came of it.

import { open } from "../dialog.js";
import { isAbort } from "../errors.js";
import { many } from "../format.js";
import { h } from "../dom.js";
import { csvSink } from "./download.js";
import { exportTable } from "./exporter.js";
import { Progress } from "./progress.js";

/** @typedef {import("../context.js").Context} Context */

/**
 * Exports the clients that match the filter.
 *
 * @param {Context} context
 */
export async function exportClients(context) {
  const sink = await csvSink(`clients-${new Date().toISOString().slice(0, 10)}.csv`);
  if (!sink) {
    return;
  }
  const stop = new AbortController();
  const progress = new Progress("Exported");
  progress.update(0, context.total());
  const cancel = h("button", { type: "button", onclick: () => stop.abort() }, "Cancel");
  const dialog = open({
    title: "Export clients",
    content: [progress.element],
    buttons: [cancel],
    onCancel: () => stop.abort(),
  });
  try {
    const { written, hasChanged } = await exportTable(context.api, context.filter(), {
      signal: stop.signal,
      write: sink.write,
      onProgress: (done, total) => progress.update(done, total),
      onWait: (wait) => progress.waits(wait),
    });
    if (written === 0) {
      await sink.abort();
      context.toast({ text: "There is nothing to export: no client matches." });
      return;
    }
    await sink.close();
    const changed = " Clients were changed meanwhile, so some may be missing. Export again to be sure.";
    context.toast({ text: `Exported ${many(written)} to ${sink.name}.${hasChanged ? changed : ""}` });
  } catch (error) {
    await sink.abort().catch(() => {});
    if (isAbort(error)) {
      context.toast({ text: "The export was cancelled. No file was written." });
    } else {
      const reason = error instanceof Error ? error.message : String(error);
      context.toast({ kind: "error", text: `The export failed, and no file was written: ${reason}` });
    }
  } finally {
    dialog.close();
  }
}
