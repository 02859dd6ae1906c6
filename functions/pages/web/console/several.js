// Several clients at once: selecting all that match, deleting them, setting their status, what became of each, and undo.

import { announce } from "./announce.js";
import { inBatches, oneByOne } from "./bulk.js";
import { confirm, open } from "./dialog.js";
import { fill, find, h } from "./dom.js";
import { countdown, saying } from "./faces.js";
import { count, many } from "./format.js";
import { readAll } from "./reading.js";

/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./api.js").Status} Status */
/** @typedef {import("./bulk.js").Options} Options */
/** @typedef {import("./bulk.js").Outcome} Outcome */
/** @typedef {import("./context.js").Context} Context */

/** More than these are not deleted before somebody has confirmed their number. */
const WITHOUT_ASKING = 100;
/** The failures that are listed. */
const LISTED = 200;

export class Several {
  /** Whether something is under way. */
  isBusy = false;
  #job = find("#job", HTMLElement);
  #text = find("#job-text", HTMLElement);
  #progress = find("#job-progress", HTMLProgressElement);
  #stop = find("#job-stop", HTMLButtonElement);
  #context;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /**
   * All clients that match the filter.
   *
   * @returns {Promise<Client[] | null>} `null` if it was stopped
   */
  async all() {
    const { api, filter, total, toast } = this.#context;
    const read = await this.#run("Reading all that match", total(), (options) => readAll(api, filter(), options));
    if (read?.hasChanged) {
      toast({
        kind: "error",
        text: "Others changed clients while they were being selected, so some may not be selected. Select all again.",
      });
    }
    return read && read.clients;
  }

  /**
   * Deletes clients, which can be undone.
   *
   * @param {Client[]} clients
   * @returns {Promise<string[] | null>} the clients that are gone; `null` if nothing was done
   */
  async delete(clients) {
    const { api, toast, refresh } = this.#context;
    if (clients.length > WITHOUT_ASKING) {
      const isSure = await confirm({
        title: `Delete ${many(clients.length)}?`,
        text: "Clients are deleted in batches, which takes a while. You can stop at any time, and undo it afterwards.",
        yes: `Delete ${many(clients.length)}`,
        isDangerous: true,
      });
      if (!isSure) {
        return null;
      }
    }
    const outcomes = await this.#run(`Deleting ${many(clients.length)}`, clients.length, (options) =>
      inBatches(api, clients, ({ id }) => ({ operation: "delete", id }), options),
    );
    const done = succeeded(outcomes);
    if (done.length > 0) {
      let left = done.map(({ client }) => client);
      const undo = async () => {
        left = await this.#restore(left);
        return left.length === 0;
      };
      toast({ text: `Deleted ${many(done.length)}.`, undo });
    }
    this.#report(outcomes, clients.length, "could not be deleted", (again) => this.delete(again));
    await refresh();
    return done.map(({ client }) => client.id);
  }

  /**
   * Sets the status of clients, which can be undone.
   *
   * @param {Client[]} clients
   * @param {Status} status
   */
  async setStatus(clients, status) {
    const { api, toast, refresh } = this.#context;
    const outcomes = await this.#run(`Setting ${many(clients.length)} ${status}`, clients.length, (options) =>
      inBatches(api, clients, ({ id }) => ({ operation: "update", id, client: { status } }), options),
    );
    const done = succeeded(outcomes);
    if (done.length > 0) {
      let left = done.filter(({ client }) => client.status !== status);
      const undo = async () => {
        left = await this.#setBack(left);
        return left.length === 0;
      };
      toast({ text: `Set ${many(done.length)} ${status}.`, undo: left.length > 0 ? undo : undefined });
    }
    this.#report(outcomes, clients.length, "could not be changed", (again) => this.setStatus(again, status));
    await refresh();
  }

  /**
   * @param {Client[]} clients
   * @returns {Promise<Client[]>} those that can still be restored
   */
  async #restore(clients) {
    const { api, toast, refresh } = this.#context;
    const outcomes = await this.#run(`Restoring ${many(clients.length)}`, clients.length, (options) =>
      oneByOne(clients, ({ id }) => api.restore(id), options),
    );
    if (outcomes === null) {
      return clients;
    }
    const restored = succeeded(outcomes).length;
    if (restored > 0) {
      toast({ text: `Restored ${many(restored)}.` });
    }
    this.#report(outcomes, clients.length, "could not be restored", (again) => this.#restore(again));
    await refresh();
    return clients.filter(isOpen(outcomes));
  }

  /**
   * Gives clients the status that they had, unless somebody has changed them since.
   *
   * @param {Outcome[]} done
   * @returns {Promise<Outcome[]>} those that can still be set back
   */
  async #setBack(done) {
    const { api, toast, refresh } = this.#context;
    const tags = new Map(done.map(({ client, etag }) => [client.id, etag]));
    const changed = done.map(({ client }) => client);
    const outcomes = await this.#run(
      `Setting ${many(changed.length)} back to the previous status`,
      changed.length,
      (options) =>
        inBatches(
          api,
          changed,
          (client) => ({
            operation: "update",
            id: client.id,
            client: { status: client.status },
            ifMatch: tags.get(client.id),
          }),
          options,
        ),
    );
    if (outcomes === null) {
      return done;
    }
    const restored = succeeded(outcomes).length;
    if (restored > 0) {
      toast({ text: `Set ${many(restored)} back to the previous status.` });
    }
    this.#report(outcomes, changed.length, "could not be set back", null);
    await refresh();
    const isLeft = isOpen(outcomes);
    return done.filter(({ client }) => isLeft(client));
  }

  /**
   * Shows the progress of some work, which can be stopped.
   *
   * @template T
   * @param {string} text
   * @param {number} of
   * @param {(options: Options) => Promise<T>} work
   * @returns {Promise<T | null>} `null` if it failed or was stopped before anything was done
   */
  async #run(text, of, work) {
    if (this.isBusy) {
      this.#context.toast({ text: "Something else is under way. Wait until it is done, or stop it." });
      return null;
    }
    this.isBusy = true;
    const controller = new AbortController();
    const stop = () => controller.abort(new DOMException("It was stopped.", "AbortError"));
    this.#stop.addEventListener("click", stop, { once: true });
    this.#progress.max = of;
    const show = (/** @type {import("./dom.js").Child[]} */ ...more) => fill(this.#text, text, ...more);
    const onProgress = (/** @type {number} */ done) => {
      this.#progress.value = done;
      show(`: ${count(done)} of ${count(of)}`);
    };
    onProgress(0);
    announce(text);
    this.#job.hidden = false;
    try {
      return await work({
        signal: controller.signal,
        onProgress,
        onWait: (wait) => (wait ? show(`. ${saying(wait.error).title}. `, countdown(wait.seconds)) : undefined),
      });
    } catch (error) {
      if (!controller.signal.aborted) {
        this.#context.toast({
          kind: "error",
          text: `${text} failed: ${error instanceof Error ? error.message : error}`,
        });
      }
      return null;
    } finally {
      this.#stop.removeEventListener("click", stop);
      this.#job.hidden = true;
      this.isBusy = false;
    }
  }

  /**
   * Says what was refused, and why, and offers to try that again.
   *
   * @param {Outcome[] | null} outcomes
   * @param {number} of
   * @param {string} what
   * @param {((clients: Client[]) => unknown) | null} again
   */
  #report(outcomes, of, what, again) {
    const { toast } = this.#context;
    const failed = (outcomes ?? []).filter(({ failure }) => failure !== undefined);
    const left = of - (outcomes?.length ?? of);
    if (left > 0) {
      toast({ text: `Stopped: ${many(left)} left as ${left === 1 ? "it was" : "they were"}.` });
    }
    if (failed.length === 0) {
      return;
    }
    const clients = failed.map(({ client }) => client);
    const show = () => {
      const item = (/** @type {Outcome} */ { client, failure }) =>
        h("li", {}, h("b", { dir: "auto" }, client.name), " ", failure);
      const retry = h(
        "button",
        { type: "button", className: "primary" },
        `Try ${clients.length === 1 ? "it" : "these"} again`,
      );
      const close = h("button", { type: "button" }, "Close");
      const dialog = open({
        title: `${many(failed.length)} ${what}`,
        content: [
          h("ul", { className: "failures" }, failed.slice(0, LISTED).map(item)),
          failed.length > LISTED && h("p", {}, `And ${many(failed.length - LISTED, "other")}.`),
        ],
        buttons: again ? [close, retry] : [close],
      });
      close.addEventListener("click", () => dialog.close());
      retry.addEventListener("click", () => {
        dialog.close();
        void again?.(clients);
      });
    };
    toast({ kind: "error", text: `${many(failed.length)} ${what}.`, action: { label: "Show which", run: show } });
  }
}

/** @param {Outcome[] | null} outcomes */
function succeeded(outcomes) {
  return (outcomes ?? []).filter(({ failure }) => failure === undefined);
}

/**
 * Whether the operation on a client can be tried again: it was not tried, or it failed for a time.
 *
 * @param {Outcome[]} outcomes
 * @returns {(client: Client) => boolean}
 */
function isOpen(outcomes) {
  const settled = new Set(
    outcomes.filter(({ failure, isFinal }) => failure === undefined || isFinal).map(({ client }) => client.id),
  );
  return ({ id }) => !settled.has(id);
}
