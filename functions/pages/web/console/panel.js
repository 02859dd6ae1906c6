// The panel in which a client is made or changed. It saves only what was changed, and only over what it has shown. What
// it does with the API is in `saving.js`.

import { showConflict } from "./conflict.js";
import { confirm } from "./dialog.js";
import { fill, find, h } from "./dom.js";
import { ApiError, isAbort } from "./errors.js";
import { countdown, face, failureFace, saying } from "./faces.js";
import { changedFields, check, FIELDS, NEW, valuesOf } from "./fields.js";
import { Form } from "./form.js";
import { ago, exact } from "./format.js";
import { persist } from "./retry.js";
import { Creation, saveChanges } from "./saving.js";

/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./api.js").Versioned} Versioned */
/** @typedef {import("./fields.js").Values} Values */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./retry.js").Wait} Wait */

/**
 * @typedef {object} Handlers
 * @property {() => void} onClose the panel wants to be closed
 * @property {(client: Client) => void} onCreated
 * @property {(client: Client, before: { values: Values, fields: Field[], etag: string }) => void} onSaved
 * @property {(client: Client) => void} onRestored
 * @property {(client: Client) => void} onDelete
 */

export class Panel {
  /** The identifier of the client that is open, or `new`. @type {string | null} */
  id = null;
  #dialog = find("#panel", HTMLDialogElement);
  #title = find("#panel-title", HTMLElement);
  #form = new Form(() => void this.#submit());
  #other = find("#panel-other", HTMLElement);
  #note = find("#panel-note", HTMLElement);
  #facts = find("#panel-facts", HTMLElement);
  #save = find("#panel-save", HTMLButtonElement);
  #delete = find("#panel-delete", HTMLButtonElement);
  /** What the list has shown of the client. @type {Client | undefined} */
  #known;
  /** The client as it was read. @type {Versioned | null} */
  #read = null;
  /** A newer state that somebody else has made, or `gone`. @type {Versioned | "gone" | null} */
  #newer = null;
  #creation = new Creation();
  /** Ended when the panel is closed, or shows another client. */
  #life = new AbortController();
  #isSaving = false;
  #isAsking = false;
  #isPressedBeside = false;
  #api;
  #handlers;

  /**
   * @param {import("./api.js").Api} api
   * @param {Handlers} handlers
   */
  constructor(api, handlers) {
    this.#api = api;
    this.#handlers = handlers;
    this.#dialog.addEventListener("cancel", (event) => {
      // At a second Escape, a browser closes a dialog without asking; then `close` does all of this.
      if (event.cancelable) {
        event.preventDefault();
        handlers.onClose();
      }
    });
    this.#dialog.addEventListener("close", () => {
      if (this.id !== null && !this.#dialog.open) {
        this.#dialog.showModal();
        handlers.onClose();
      }
    });
    // A click beside the panel closes it, but not the end of a drag that began in it.
    this.#dialog.addEventListener("pointerdown", ({ target }) => {
      this.#isPressedBeside = target === this.#dialog;
    });
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog && this.#isPressedBeside) {
        handlers.onClose();
      }
    });
    for (const button of this.#dialog.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => handlers.onClose());
    }
    this.#delete.addEventListener("click", () => {
      const client = this.#read?.client ?? this.#known;
      if (client) {
        handlers.onDelete(client);
      }
    });
  }

  /** Whether something was typed that is not saved. */
  get isDirty() {
    return (this.id !== null && this.#form.isShown && this.#form.changed.length > 0) || this.#isInConflict;
  }

  get #isInConflict() {
    return this.id !== null && this.#other.querySelector(".conflict") !== null;
  }

  /**
   * Whether what was typed may be lost; asks if there is something.
   *
   * @returns {Promise<boolean>}
   */
  async mayClose() {
    if (this.#isSaving || this.#isAsking) {
      return false;
    }
    if (!this.isDirty) {
      return true;
    }
    this.#isAsking = true;
    const mayClose = await confirm({
      title: "Discard your changes?",
      text: "What you have typed has not been saved.",
      yes: "Discard",
      no: "Keep editing",
      isDangerous: true,
    });
    this.#isAsking = false;
    return mayClose;
  }

  /**
   * Opens a client, or a form for a new one.
   *
   * @param {string} id
   * @param {Client | undefined} known what the list has shown of it
   */
  open(id, known) {
    this.#begin(id);
    this.#known = known;
    this.#title.textContent = id === "new" ? "New client" : (known?.name ?? "Client");
    this.#delete.hidden = id === "new";
    this.#save.textContent = id === "new" ? "Create client" : "Save changes";
    if (!this.#dialog.open) {
      this.#dialog.showModal();
    }
    if (id === "new") {
      this.#creation = new Creation();
      this.#form.begin(NEW);
      this.#showForm();
    } else {
      this.#read = null;
      if (known) {
        this.#form.begin(valuesOf(known));
        this.#showForm();
      } else {
        this.#showOther(h("p", { className: "loading", role: "status" }, "Loading the client…"));
      }
      void this.#load(id);
    }
  }

  close() {
    this.id = null;
    this.#life.abort();
    this.#dialog.close();
    fill(this.#other);
    this.#form.begin(NEW);
  }

  /** Looks whether somebody else has changed the client. Throws if that fails. */
  async check() {
    const read = this.#read;
    if (read === null || this.#isSaving || this.#newer === "gone") {
      return;
    }
    const { signal } = this.#life;
    const etag = (this.#newer ?? read).etag;
    try {
      const newer = await this.#api.get(read.client.id, { signal, ifNoneMatch: etag });
      if (newer && this.#read === read && !this.#isSaving) {
        this.#onNewer(newer);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 404 && !signal.aborted && !this.#isSaving) {
        this.#onGone();
      } else if (!isAbort(error)) {
        throw error;
      }
    }
  }

  /** @param {string} id */
  #begin(id) {
    this.#life.abort();
    this.#life = new AbortController();
    this.id = id;
    this.#newer = null;
    this.#say();
    this.#showErrors([]);
    fill(this.#facts);
  }

  /** @param {string} id */
  async #load(id) {
    const { signal } = this.#life;
    try {
      const read = await persist(() => this.#api.get(id, { signal }), {
        signal,
        onWait: (wait) => {
          if (!signal.aborted && !this.#form.isShown && wait) {
            this.#showOther(failureFace(wait.error, { wait }));
          }
        },
      });
      if (!read || signal.aborted) {
        return;
      }
      if (!this.#form.isShown) {
        this.#adopt(read, "show");
      } else if (this.isDirty && changedFields(this.#form.base, valuesOf(read.client)).length > 0) {
        // The list was behind, and something was typed already. The form keeps what it began with.
        this.#read = read;
        this.#onNewer(read);
      } else {
        this.#adopt(read, "update");
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (error instanceof ApiError && error.status === 404) {
        this.#showGone(id);
      } else if (error instanceof ApiError) {
        const again = h("button", { type: "button", onclick: () => void this.#load(id) }, "Try again");
        this.#showOther(failureFace(error, { actions: [again] }));
      } else {
        throw error;
      }
    }
  }

  /**
   * Goes on with a state of the client that was read. Fields that were not touched take it over.
   *
   * @param {Versioned} read
   * @param {"show" | "update"} how
   */
  #adopt(read, how) {
    const values = valuesOf(read.client);
    this.#read = read;
    this.#newer = null;
    this.#title.textContent = read.client.name;
    const updated = this.#time(read.client.updatedAt);
    fill(
      this.#facts,
      h("span", {}, "Created ", this.#time(read.client.createdAt)),
      h("span", {}, "Updated ", updated),
      h("code", {}, read.client.id),
    );
    if (how === "show") {
      this.#form.begin(values);
      this.#showForm();
    } else {
      this.#form.flash(this.#form.rebase(values));
    }
  }

  /** @param {Versioned} newer */
  #onNewer(newer) {
    if (!this.isDirty) {
      this.#adopt(newer, "update");
      this.#say("Somebody else has just changed this client. You see the latest version.");
      return;
    }
    this.#newer = newer;
    if (!this.#isInConflict) {
      this.#say(
        "Somebody else has changed this client in the meantime. Your changes are not lost. ",
        h("button", { type: "button", onclick: () => this.#showConflict(newer, this.#form.values) }, "Compare"),
      );
    }
  }

  #onGone() {
    this.#newer = "gone";
    if (this.isDirty) {
      this.#say(
        "Somebody else has deleted this client in the meantime. If you save, you can restore it with your changes.",
      );
    } else if (this.id) {
      this.#showGone(this.id);
    }
  }

  async #submit() {
    if (this.#isSaving) {
      return;
    }
    const values = this.#form.values;
    const errors = check(values);
    if (errors.length > 0) {
      this.#showErrors(errors);
      return;
    }
    await this.#run((onWait) => this.#saveValues(values, onWait));
  }

  /**
   * @param {Values} values
   * @param {(wait: Wait | null) => void} onWait
   */
  async #saveValues(values, onWait) {
    const { signal } = this.#life;
    if (this.id === "new") {
      const { client } = await this.#creation.save(this.#api, values, { signal, onWait });
      this.#handlers.onCreated(client);
      return;
    }
    // The form may have been faster than the first answer: what was typed is compared with what the list has shown.
    const base = this.#form.base;
    const read = this.#read ?? (await persist(() => this.#api.get(this.id ?? "", { signal }), { signal, onWait }));
    const fields = changedFields(base, values);
    if (fields.length === 0) {
      this.#handlers.onClose();
      return;
    }
    if (!read) {
      return;
    }
    const outcome = await saveChanges(this.#api, read, base, values, { signal, onWait });
    if (outcome.kind === "saved") {
      const { client, etag } = outcome.saved;
      this.#form.base = valuesOf(client);
      this.#handlers.onSaved(client, { values: base, fields, etag });
    } else if (outcome.kind === "conflict") {
      this.#showConflict(outcome.current, values, base);
    } else {
      this.#showGone(read.client.id, values);
    }
  }

  /**
   * Does what takes a while: nothing can be typed meanwhile, waits are shown and can be ended, and errors are shown.
   *
   * @param {(onWait: (wait: Wait | null) => void) => Promise<void>} work
   */
  async #run(work) {
    const life = this.#life;
    this.#isSaving = true;
    this.#dialog.setAttribute("aria-busy", "true");
    this.#save.disabled = true;
    this.#showErrors([]);
    this.#say();
    const stop = () => {
      this.#life.abort();
      this.#life = new AbortController();
      this.#say("Stopped. It is not known whether the last attempt took effect. You can safely save again.");
    };
    let failure;
    try {
      await work((wait) => {
        if (wait) {
          this.#say(
            `${saying(wait.error).title}. `,
            countdown(wait.seconds),
            " ",
            h("button", { type: "button", onclick: wait.skip }, "Try now"),
            h("button", { type: "button", onclick: stop }, "Stop"),
          );
        } else {
          this.#say();
        }
      });
    } catch (error) {
      failure = error;
    }
    this.#isSaving = false;
    this.#dialog.removeAttribute("aria-busy");
    this.#save.disabled = false;
    if (failure === undefined || life.signal.aborted) {
      return;
    }
    if (!(failure instanceof ApiError)) {
      throw failure;
    }
    if (failure.status === 400 && failure.errors.length > 0) {
      if (!this.#form.isShown) {
        this.#showForm();
      }
      this.#showErrors(failure.errors);
    } else if (failure.status !== 401) {
      const { title, text } = saying(failure);
      this.#say(
        `${title}. ${text} `,
        failure.requestId && h("span", { className: "request" }, "Request ", h("code", {}, failure.requestId)),
      );
    }
  }

  /**
   * @param {Versioned} current
   * @param {Values} mine
   * @param {Values} [base]
   */
  #showConflict(current, mine, base = this.#form.base) {
    this.#say();
    this.#form.isShown = false;
    this.#other.hidden = false;
    const back = () => {
      this.#showForm();
      this.#form.begin(base);
      this.#form.values = mine;
      this.#form.rebase(valuesOf(current.client));
      this.#read = current;
      this.#newer = null;
      this.#say(
        "The form now has their changes, except in the fields that you changed. Saving overwrites those fields.",
      );
    };
    const save = (/** @type {Values} */ values) =>
      void this.#run(async (onWait) => {
        const { signal } = this.#life;
        const theirs = valuesOf(current.client);
        const fields = changedFields(theirs, values);
        if (fields.length === 0) {
          this.#read = current;
          fill(this.#other);
          this.#showForm();
          this.#form.begin(values);
          this.#handlers.onSaved(current.client, { values, fields, etag: current.etag });
          return;
        }
        const outcome = await saveChanges(this.#api, current, theirs, values, { signal, onWait });
        if (outcome.kind === "saved") {
          fill(this.#other);
          this.#form.begin(valuesOf(outcome.saved.client));
          this.#handlers.onSaved(outcome.saved.client, { values: theirs, fields, etag: outcome.saved.etag });
        } else if (outcome.kind === "conflict") {
          this.#showConflict(outcome.current, values, theirs);
        } else {
          this.#showGone(current.client.id, values);
        }
      });
    showConflict(this.#other, { base, theirs: valuesOf(current.client), mine }, save, back);
  }

  /**
   * The client is not there: it can be restored, or made anew of what was typed.
   *
   * @param {string} id
   * @param {Values} [typed]
   */
  #showGone(id, typed) {
    this.#say();
    const before = this.#read;
    const restore = () =>
      void this.#run(async (onWait) => {
        const { signal } = this.#life;
        try {
          const restored = await persist(() => this.#api.restore(id, signal), { signal, onWait });
          this.#handlers.onRestored(restored.client);
          this.#adopt(restored, "show");
          if (typed && before) {
            await this.#saveRestored(restored, before, typed, { signal, onWait });
          }
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 404) {
            throw error;
          }
          this.#showLost(typed);
        }
      });
    this.#showOther(
      face(
        "This client has been deleted",
        [
          h(
            "p",
            {},
            typed
              ? "Somebody else deleted it while you were editing. Your changes have not been saved."
              : "It was deleted, or it was never in this organization.",
          ),
        ],
        [
          h(
            "button",
            { type: "button", className: "primary", onclick: restore },
            typed ? "Restore it and save my changes" : "Restore it",
          ),
          h("button", { type: "button", onclick: () => this.#handlers.onClose() }, "Close"),
        ],
      ),
    );
  }

  /**
   * @param {Versioned} restored
   * @param {Versioned} before
   * @param {Values} typed
   * @param {{ signal: AbortSignal, onWait: (wait: Wait | null) => void }} options
   */
  async #saveRestored(restored, before, typed, options) {
    const base = valuesOf(before.client);
    const now = valuesOf(restored.client);
    if (changedFields(base, now).length > 0) {
      // It was changed, too, before it was deleted.
      this.#showConflict(restored, typed, base);
      return;
    }
    this.#form.values = typed;
    await this.#saveValues(typed, options.onWait);
  }

  /** @param {Values} [typed] */
  #showLost(typed) {
    const anew = () => {
      this.#begin("new");
      this.#read = null;
      this.#creation = new Creation();
      this.#title.textContent = "New client";
      this.#delete.hidden = true;
      this.#save.textContent = "Create client";
      this.#form.begin(NEW);
      this.#form.values = typed ?? NEW;
      this.#showForm();
    };
    this.#showOther(
      face(
        "There is no such client",
        [
          h(
            "p",
            {},
            "It was deleted permanently, or too long ago to be restored, or it was never in this organization.",
          ),
        ],
        [
          typed &&
            h(
              "button",
              { type: "button", className: "primary", onclick: anew },
              "Create a new client from what I typed",
            ),
          h("button", { type: "button", onclick: () => this.#handlers.onClose() }, "Close"),
        ],
      ),
    );
  }

  #showForm() {
    fill(this.#other);
    this.#other.hidden = true;
    this.#form.isShown = true;
    if (this.id !== "new" && matchMedia("(pointer: coarse)").matches) {
      // The keyboard of a phone would cover the half of what is there to read.
      this.#title.focus();
      return;
    }
    this.#form.focus();
  }

  /** @param {HTMLElement} content */
  #showOther(content) {
    this.#form.isShown = false;
    this.#other.hidden = false;
    fill(this.#other, content);
    this.#other.querySelector("button")?.focus();
  }

  /** @param {import("./dom.js").Child[]} text */
  #say(...text) {
    this.#note.hidden = text.length === 0;
    fill(this.#note, ...text);
  }

  /** @param {import("./errors.js").FieldError[]} errors */
  #showErrors(errors) {
    this.#form.showErrors(errors);
    const others = errors.filter(({ field }) => !FIELDS.some((known) => known === field));
    if (others.length > 0) {
      this.#say(others.map(({ field, message }) => `${field}: ${message}`).join("; "));
    }
  }

  /** @param {string} at */
  #time(at) {
    return h("time", { dateTime: at, title: exact(at) }, ago(at, Date.now()));
  }
}
