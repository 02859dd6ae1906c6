// The clients that are selected, with what is known of them, across pages.

/** @typedef {import("./api.js").Client} Client */

export class Selection {
  /** @type {Map<string, Client>} */
  clients = new Map();
  /** Where a range begins. @type {string | null} */
  #anchor = null;
  #onChange;

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /**
   * Selects a client or not; with `extend`, all from the last one to it.
   *
   * @param {Client} client
   * @param {Client[]} shown
   * @param {boolean} extend
   */
  toggle(client, shown, extend) {
    const indexOf = (/** @type {string | null} */ id) => shown.findIndex((other) => other.id === id);
    const from = indexOf(this.#anchor);
    const to = indexOf(client.id);
    if (extend && from !== -1 && to !== -1) {
      for (const between of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) {
        this.clients.set(between.id, between);
      }
    } else if (!this.clients.delete(client.id)) {
      this.clients.set(client.id, client);
    }
    this.#anchor = client.id;
    this.#onChange();
  }

  /** @param {Iterable<Client>} clients */
  add(clients) {
    for (const client of clients) {
      this.clients.set(client.id, client);
    }
    this.#onChange();
  }

  /** @param {Iterable<string>} ids */
  remove(ids) {
    for (const id of ids) {
      this.clients.delete(id);
    }
    this.#onChange();
  }

  /**
   * Takes over what has changed of the selected clients.
   *
   * @param {Client[]} clients
   */
  update(clients) {
    for (const client of clients) {
      if (this.clients.has(client.id)) {
        this.clients.set(client.id, client);
      }
    }
  }

  clear() {
    this.clients.clear();
    this.#anchor = null;
    this.#onChange();
  }
}
