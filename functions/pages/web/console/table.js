// The table of clients. Each row has a link, which opens the client, and a checkbox. One row is the current one: Tab
// stops there alone, and the keyboard moves it. Rows are kept by their clients, so that a new page disturbs neither the
// focus nor a click that is under way.

import { fill, find, h } from "./dom.js";
import { ago, exact } from "./format.js";
import { marker } from "./marks.js";

/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./marks.js").Part} Part */

/**
 * @typedef {object} Handlers
 * @property {(id: string) => string} addressOf the address of an open client
 * @property {(id: string) => void} onOpen
 * @property {(id: string, extend: boolean) => void} onSelect
 */

/** The rows that stand for clients until the first page is there. */
const SKELETON = 12;

export class Table {
  #body = find("#clients tbody", HTMLTableSectionElement);
  /** @type {Map<string, { row: HTMLTableRowElement, drawn: string }>} */
  #rows = new Map();
  /** @type {string[]} */
  #ids = [];
  /** @type {string | null} */
  #current = null;
  #handlers;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#body.addEventListener("click", (event) => this.#click(event));
    this.#body.addEventListener("focusin", ({ target }) => {
      const id = rowOf(target)?.dataset.id;
      if (id) {
        this.#makeCurrent(id);
      }
    });
    setInterval(() => this.#tick(), 20_000);
  }

  /** The client of the current row, if the focus is in the table. */
  get focused() {
    return rowOf(document.activeElement)?.dataset.id ?? null;
  }

  /** The clients that are shown, in order. */
  get ids() {
    return this.#ids;
  }

  showSkeleton() {
    const cell = (/** @type {string} */ name) => h("td", { className: name }, h("span", { className: "bone" }));
    const row = () =>
      h(
        "tr",
        { className: "skeleton" },
        ["select", "name", "phone", "status", "notes", "created", "updated"].map(cell),
      );
    this.#clear();
    fill(this.#body, Array.from({ length: SKELETON }, row));
  }

  /**
   * @param {Client[]} clients
   * @param {string} query what to mark
   * @param {ReadonlyMap<string, unknown>} selected
   * @param {ReadonlySet<string>} changed what to flash
   */
  show(clients, query, selected, changed) {
    const had = this.#focus();
    const marks = marker(query);
    const ids = clients.map(({ id }) => id);
    const present = new Set(ids);
    for (const row of [...this.#body.rows]) {
      if (!row.dataset.id || !present.has(row.dataset.id)) {
        row.remove();
        this.#rows.delete(row.dataset.id ?? "");
      }
    }
    clients.forEach((client, index) => {
      const row = this.#row(client, query, marks);
      if (this.#body.rows[index] !== row) {
        this.#body.insertBefore(row, this.#body.rows[index] ?? null);
      }
      setSelected(row, selected.has(client.id));
      if (changed.has(client.id)) {
        flash(row);
      }
    });
    this.#ids = ids;
    this.#makeCurrent(this.#current !== null && present.has(this.#current) ? this.#current : (ids[0] ?? null));
    if (had) {
      this.#restore(had);
    }
  }

  /** @param {ReadonlyMap<string, unknown>} selected */
  showSelection(selected) {
    for (const [id, { row }] of this.#rows) {
      setSelected(row, selected.has(id));
    }
  }

  /**
   * Moves the current row, and the focus with it.
   *
   * @param {number} steps
   */
  move(steps) {
    const at = this.#ids.indexOf(this.focused ?? "");
    const start = at === -1 ? (steps > 0 ? -1 : this.#ids.length) : at;
    const id = this.#ids[Math.max(0, Math.min(this.#ids.length - 1, start + steps))];
    if (id) {
      this.focus(id);
    }
  }

  /**
   * Focuses a client's row; the current one if the client is not shown.
   *
   * @param {string | null} id
   * @returns {boolean} whether there is a row at all
   */
  focus(id) {
    const row = this.#rows.get(id ?? "") ?? this.#rows.get(this.#current ?? "");
    const link = row?.row.querySelector("a");
    link?.focus();
    row?.row.scrollIntoView({ block: "nearest" });
    return link !== undefined && link !== null;
  }

  #clear() {
    this.#rows.clear();
    this.#ids = [];
    this.#current = null;
  }

  /**
   * @param {Client} client
   * @param {string} query
   * @param {import("./marks.js").Marker} marks
   */
  #row(client, query, marks) {
    const drawn = JSON.stringify([client, query]);
    const known = this.#rows.get(client.id);
    if (known?.drawn === drawn) {
      return known.row;
    }
    const row = known?.row ?? this.#newRow(client.id);
    const [, name, phone, status, notes, created, updated] = /** @type {HTMLElement[]} */ ([...row.cells]);
    const box = row.querySelector("input");
    const link = row.querySelector("a");
    if (name && phone && status && notes && created && updated && box && link) {
      box.setAttribute("aria-label", `Select ${client.name}`);
      link.href = this.#handlers.addressOf(client.id);
      fill(link, marked(marks.name(client.name)));
      fill(phone, client.phone === null ? h("span", { className: "none" }, "–") : marked(marks.phone(client.phone)));
      fill(
        status,
        h("span", { className: `badge ${client.status}` }, client.status === "active" ? "Active" : "Inactive"),
      );
      notes.title = client.notes ?? "";
      fill(notes, client.notes === null ? h("span", { className: "none" }, "–") : shortened(client.notes));
      fill(created, time(client.createdAt));
      fill(updated, time(client.updatedAt));
    }
    this.#rows.set(client.id, { row, drawn });
    return row;
  }

  /** @param {string} id */
  #newRow(id) {
    const row = h(
      "tr",
      {},
      h("td", { className: "select" }, h("input", { type: "checkbox", tabIndex: -1 })),
      h("th", { className: "name", scope: "row" }, h("a", { tabIndex: -1, dir: "auto" })),
      ["phone", "status", "notes", "created", "updated"].map((className) => h("td", { className })),
    );
    row.dataset.id = id;
    return row;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const { target } = event;
    const row = rowOf(target);
    const id = row?.dataset.id;
    if (!id || !(target instanceof Element)) {
      return;
    }
    if (target.closest(".select")) {
      if (!(target instanceof HTMLInputElement)) {
        row.querySelector("input")?.focus();
      }
      // The selection decides what the box shows.
      this.#handlers.onSelect(id, event.shiftKey);
      return;
    }
    const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (target.closest("a") ? opensElsewhere : opensElsewhere || String(getSelection()) !== "") {
      return;
    }
    event.preventDefault();
    this.#handlers.onOpen(id);
  }

  /** @param {string | null} id */
  #makeCurrent(id) {
    const setTabIndex = (/** @type {string | null} */ of, /** @type {number} */ tabIndex) => {
      const row = this.#rows.get(of ?? "")?.row;
      row?.querySelectorAll("a, input").forEach((element) => {
        /** @type {HTMLElement} */ (element).tabIndex = tabIndex;
      });
    };
    setTabIndex(this.#current, -1);
    this.#current = id;
    setTabIndex(id, 0);
  }

  #focus() {
    const id = this.focused;
    const index = id === null ? -1 : this.#ids.indexOf(id);
    return id === null ? null : { id, index, isBox: document.activeElement instanceof HTMLInputElement };
  }

  /** @param {{ id: string, index: number, isBox: boolean }} had */
  #restore({ id, index, isBox }) {
    const kept = this.#rows.has(id) ? id : this.#ids[Math.min(index, this.#ids.length - 1)];
    if (kept && this.focused !== kept) {
      this.#rows
        .get(kept)
        ?.row.querySelector(isBox ? "input" : "a")
        ?.focus({ preventScroll: true });
    }
  }

  #tick() {
    const now = Date.now();
    for (const element of this.#body.querySelectorAll("time")) {
      element.textContent = ago(element.dateTime, now);
    }
  }
}

/** @param {EventTarget | null} target */
function rowOf(target) {
  const row = target instanceof Element ? target.closest("#clients tbody tr") : null;
  return row instanceof HTMLTableRowElement ? row : null;
}

/**
 * @param {HTMLTableRowElement} row
 * @param {boolean} isSelected
 */
function setSelected(row, isSelected) {
  row.classList.toggle("selected", isSelected);
  const box = row.querySelector("input");
  if (box) {
    box.checked = isSelected;
  }
}

/** @param {HTMLElement} row */
function flash(row) {
  row.classList.remove("changed");
  // Reading the width makes the browser notice that the class was gone.
  void row.offsetWidth;
  row.classList.add("changed");
  row.addEventListener("animationend", () => row.classList.remove("changed"), { once: true });
}

/** @param {Part[]} parts */
function marked(parts) {
  return parts.map(({ text, isHit }) => (isHit ? h("mark", {}, text) : text));
}

/** @param {string} notes */
function shortened(notes) {
  const characters = [...notes.slice(0, 400)];
  return characters.length > 140 ? `${characters.slice(0, 140).join("")}…` : notes;
}

/** @param {string} at */
function time(at) {
  return h("time", { dateTime: at, title: exact(at) }, ago(at, Date.now()));
}
