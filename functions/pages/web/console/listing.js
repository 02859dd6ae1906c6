// The page of clients that is shown: reading it, reading it again, and knowing what changed. What was shown stays until
// the next page is there, and an answer that comes too late is dropped, because its request was ended by the next one.

import { paramsOf } from "./address.js";
import { ApiError } from "./errors.js";
import { persist } from "./retry.js";

/** @typedef {import("./address.js").View} View */
/** @typedef {import("./api.js").Page} Page */

/**
 * @typedef {object} State
 * @property {View} view what was asked for
 * @property {Page | null} page what is shown
 * @property {View} shown the view of what is shown
 * @property {boolean} isLoading
 * @property {import("./retry.js").Wait | null} wait until the next attempt
 * @property {ApiError | null} failure why there are no more attempts
 * @property {ReadonlySet<string>} changed the clients that changed since the last state
 */

/** The pages that are kept to be shown at once when somebody comes back. They are checked with their tags. */
const KEPT = 30;
/** @type {ReadonlySet<string>} */
const NONE = new Set();

export class Listing {
  /** @type {State} */
  state;
  /** @type {Map<string, Page>} */
  #pages = new Map();
  #reading = new AbortController();
  /** Why the last attempt to read a page failed, until one succeeds. @type {ApiError | null} */
  #trouble = null;
  #api;
  #onState;
  #onBeyond;

  /**
   * @param {import("./api.js").Api} api
   * @param {View} view
   * @param {(state: State) => void} onState
   * @param {(lastPage: number) => void} onBeyond told if the page is behind the last one
   */
  constructor(api, view, onState, onBeyond) {
    this.#api = api;
    this.#onState = onState;
    this.#onBeyond = onBeyond;
    this.state = { view, page: null, shown: view, isLoading: false, wait: null, failure: null, changed: NONE };
  }

  /**
   * Shows a view. A page that is known is shown at once, and read again.
   *
   * @param {View} view
   */
  async load(view) {
    const signal = this.#begin();
    const known = this.#pages.get(keyOf(view));
    this.#set({ view, isLoading: true, wait: null, failure: null, ...(known ? { page: known, shown: view } : {}) });
    try {
      const read = () => this.#api.list(paramsOf(view), { signal, ifNoneMatch: known?.etag });
      const onWait = (/** @type {import("./retry.js").Wait | null} */ wait) => {
        if (!signal.aborted) {
          this.#trouble = wait?.error ?? this.#trouble;
          this.#set({ wait });
        }
      };
      const page = await persist(read, { signal, onWait });
      this.#trouble = null;
      this.#show(view, page ?? known ?? null, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#trouble = asApiError(error);
        this.#set({ isLoading: false, wait: null, failure: this.#trouble });
      }
    }
  }

  /** Reads the page again after a change of one's own. */
  async refresh() {
    this.#pages.clear();
    await this.load(this.state.view);
  }

  /**
   * Reads the page again if it has changed. Throws if that fails, or if nothing can be read at the moment.
   *
   * @returns {Promise<void>}
   */
  async check() {
    if (this.#trouble) {
      throw this.#trouble;
    }
    const { page, shown, isLoading } = this.state;
    if (page === null || isLoading) {
      return;
    }
    const signal = this.#begin();
    try {
      const next = await this.#api.list(paramsOf(shown), { signal, ifNoneMatch: page.etag });
      if (next && !signal.aborted) {
        this.#pages.clear();
        this.#show(shown, next, signal);
      }
    } catch (error) {
      // A request that was ended by the next one has not failed.
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /**
   * Reads a page that will probably be shown next.
   *
   * @param {View} view
   */
  async prefetch(view) {
    if (this.#pages.has(keyOf(view)) || this.state.isLoading) {
      return;
    }
    try {
      const page = await this.#api.list(paramsOf(view));
      if (page) {
        this.#keep(view, page);
      }
    } catch {
      // It will be read, and its failure shown, when it is asked for.
    }
  }

  /**
   * Takes clients from the page before the API has confirmed that they are gone. Call `refresh` when it has answered.
   *
   * @param {ReadonlySet<string>} ids
   */
  drop(ids) {
    const { page } = this.state;
    if (page) {
      this.#begin();
      this.#pages.clear();
      const clients = page.clients.filter(({ id }) => !ids.has(id));
      const total = page.total - (page.clients.length - clients.length);
      // Until the refresh, others' changes wait: they would bring the clients back for a moment.
      this.#set({ page: { clients, total, etag: null }, isLoading: true });
    }
  }

  #begin() {
    this.#reading.abort();
    this.#reading = new AbortController();
    return this.#reading.signal;
  }

  /**
   * @param {View} view
   * @param {Page | null} page
   * @param {AbortSignal} signal
   */
  #show(view, page, signal) {
    if (signal.aborted || page === null) {
      return;
    }
    if (page.clients.length === 0 && page.total > 0 && view.page > 1) {
      this.#onBeyond(Math.ceil(page.total / view.size));
      return;
    }
    this.#keep(view, page);
    const isSame = keyOf(view) === keyOf(this.state.shown);
    const changed = isSame && this.state.page ? changesBetween(this.state.page, page) : NONE;
    this.#set({ page, shown: view, isLoading: false, wait: null, failure: null, changed });
  }

  /**
   * @param {View} view
   * @param {Page} page
   */
  #keep(view, page) {
    this.#pages.delete(keyOf(view));
    this.#pages.set(keyOf(view), page);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > KEPT && oldest !== undefined) {
      this.#pages.delete(oldest);
    }
  }

  /** @param {Partial<State>} changes */
  #set(changes) {
    this.state = { ...this.state, changed: NONE, ...changes };
    this.#onState(this.state);
  }
}

/**
 * The clients on a page that were changed, or made, since the page before was read. A client that only moved up from
 * the next page is none.
 *
 * @param {Page} before
 * @param {Page} after
 * @returns {Set<string>}
 */
function changesBetween(before, after) {
  const times = new Map(before.clients.map(({ id, updatedAt }) => [id, updatedAt]));
  const latest = before.clients.reduce((time, { updatedAt }) => (updatedAt > time ? updatedAt : time), "");
  const isChanged = (/** @type {import("./api.js").Client} */ { id, updatedAt }) =>
    times.has(id) ? times.get(id) !== updatedAt : updatedAt > latest;
  return new Set(after.clients.filter(isChanged).map(({ id }) => id));
}

/** @param {View} view */
function keyOf(view) {
  return JSON.stringify(paramsOf(view));
}

/** @param {unknown} error */
function asApiError(error) {
  return error instanceof ApiError ? error : new ApiError({ status: -1, detail: String(error) });
}
