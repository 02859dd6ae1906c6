// The API's operations as functions. Nothing is kept by the browser: answers are personal data, and its cache outlives
// the tab.

import { ApiError, isAbort } from "./errors.js";

/** @typedef {"active" | "inactive"} Status */
/** @typedef {"name" | "phone" | "status" | "createdAt"} SortBy */

/**
 * @typedef {object} Client
 * @property {string} id
 * @property {string} name
 * @property {string | null} phone
 * @property {Status} status
 * @property {string | null} notes
 * @property {string} createdAt
 * @property {string} updatedAt
 */

/** @typedef {{ name: string, phone?: string | null, status?: Status, notes?: string | null }} NewClient */
/** @typedef {Partial<NewClient>} Patch */
/** @typedef {{ client: Client, etag: string }} Versioned */

/**
 * @typedef {object} ListParams
 * @property {string} [query]
 * @property {Status[]} [status]
 * @property {SortBy} [sortBy]
 * @property {"asc" | "desc"} [sortOrder]
 * @property {number} [limit]
 * @property {number} [offset]
 */

/** @typedef {{ clients: Client[], total: number, etag: string | null }} Page */

/**
 * @typedef {object} Operation
 * @property {"create" | "update" | "put" | "delete"} operation
 * @property {string} [id]
 * @property {Patch} [client]
 * @property {string} [ifMatch]
 * @property {string} [ifNoneMatch]
 */

/** @typedef {{ detail: string, code: string, errors?: import("./errors.js").FieldError[], requestId: string }} Problem */
/** @typedef {{ status: number, client?: Client, etag?: string, replayed?: boolean, problem?: Problem }} Result */

/**
 * @typedef {object} Request
 * @property {unknown} [body]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/** The most operations of a batch. */
const BATCH = 100;

export class Api {
  /** The fewest requests a minute that a limit admits, as far as known. */
  #limit = Infinity;
  #base;
  #key;
  #onUnauthorized;

  /**
   * @param {string} base the path of the API, such as `/api/v1`
   * @param {string} key
   * @param {() => void} [onUnauthorized] told if the key is refused
   */
  constructor(base, key, onUnauthorized) {
    this.#base = base;
    this.#key = key;
    this.#onUnauthorized = onUnauthorized;
  }

  /** Goes on with another key. */
  set key(/** @type {string} */ key) {
    this.#key = key;
  }

  /** The most operations that can be admitted as one batch: it counts as as many requests. */
  get batchSize() {
    return Math.max(1, Math.min(BATCH, this.#limit));
  }

  /**
   * One page of clients; `null` if it is still the one with the tag.
   *
   * @param {ListParams} params
   * @param {{ signal?: AbortSignal, ifNoneMatch?: string | null }} [options]
   * @returns {Promise<Page | null>}
   */
  async list(params, { signal, ifNoneMatch } = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined && value !== "" && String(value) !== "") {
        query.set(name, String(value));
      }
    }
    const headers = ifNoneMatch ? { "If-None-Match": ifNoneMatch } : undefined;
    const answer = await this.#send("GET", `/clients?${query}`, { signal, headers });
    if (answer.status === 304) {
      return null;
    }
    const { data, total } = await json(answer);
    return { clients: data, total, etag: answer.headers.get("ETag") };
  }

  /**
   * One client; `null` if it is still the one with the tag.
   *
   * @param {string} id
   * @param {{ signal?: AbortSignal, ifNoneMatch?: string }} [options]
   * @returns {Promise<Versioned | null>}
   */
  async get(id, { signal, ifNoneMatch } = {}) {
    const headers = ifNoneMatch ? { "If-None-Match": ifNoneMatch } : undefined;
    const answer = await this.#send("GET", path(id), { signal, headers });
    return answer.status === 304 ? null : versioned(answer);
  }

  /**
   * @param {NewClient} client
   * @param {string} idempotencyKey
   * @returns {Promise<Versioned>}
   */
  async create(client, idempotencyKey) {
    const headers = { "Idempotency-Key": idempotencyKey };
    return versioned(await this.#send("POST", "/clients", { body: client, headers }));
  }

  /**
   * Changes a client if it still has the tag.
   *
   * @param {string} id
   * @param {Patch} patch
   * @param {string} etag
   * @returns {Promise<Versioned>}
   */
  async update(id, patch, etag) {
    return versioned(await this.#send("PATCH", path(id), { body: patch, headers: { "If-Match": etag } }));
  }

  /** @param {string} id */
  async delete(id) {
    await this.#send("DELETE", path(id));
  }

  /**
   * @param {string} id
   * @param {AbortSignal} [signal]
   * @returns {Promise<Versioned>}
   */
  async restore(id, signal) {
    return versioned(await this.#send("POST", `${path(id)}/restore`, { signal }));
  }

  /**
   * Does up to `batchSize` operations. The results are in their order.
   *
   * @param {Operation[]} operations
   * @param {string} idempotencyKey
   * @param {AbortSignal} [signal]
   * @returns {Promise<Result[]>}
   */
  async batch(operations, idempotencyKey, signal) {
    const headers = { "Idempotency-Key": idempotencyKey };
    const answer = await this.#send("POST", "/clients/batch", { body: { operations }, headers, signal });
    return (await json(answer)).results;
  }

  /**
   * Sends a request, and throws an `ApiError` unless it succeeds.
   *
   * @param {string} method
   * @param {string} path
   * @param {Request} [request]
   * @returns {Promise<Response>}
   */
  async #send(method, path, { body, headers = {}, signal } = {}) {
    const init = {
      method,
      headers: {
        ...headers,
        Authorization: `Bearer ${this.#key}`,
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      body: body ? JSON.stringify(body) : undefined,
      signal,
      cache: /** @type {RequestCache} */ ("no-store"),
      credentials: /** @type {RequestCredentials} */ ("omit"),
    };
    let answer;
    try {
      answer = await fetch(this.#base + path, init);
    } catch (error) {
      signal?.throwIfAborted();
      throw new ApiError({ status: 0, detail: "There was no answer from the API." });
    }
    this.#limit = lowestLimit(answer.headers.get("RateLimit-Policy")) ?? this.#limit;
    if (answer.ok || answer.status === 304) {
      return answer;
    }
    const error = await refusal(answer);
    if (error.status === 401) {
      this.#onUnauthorized?.();
    }
    throw error;
  }
}

/**
 * The lowest of the limits in a `RateLimit-Policy`.
 *
 * @param {string | null} policy
 * @returns {number | null}
 */
function lowestLimit(policy) {
  const quotas = [...(policy ?? "").matchAll(/;q=(\d+)/g)].map(([, quota]) => Number(quota));
  return quotas.length > 0 ? Math.min(...quotas) : null;
}

/**
 * The JSON of an answer. One that was cut off is no answer.
 *
 * @param {Response} answer
 * @returns {Promise<any>}
 */
async function json(answer) {
  try {
    return await answer.json();
  } catch (error) {
    throw isAbort(error) ? error : new ApiError({ status: 0, detail: "The answer of the API was cut off." });
  }
}

/** @param {string} id */
function path(id) {
  return `/clients/${encodeURIComponent(id)}`;
}

/**
 * @param {Response} answer
 * @returns {Promise<Versioned>}
 */
async function versioned(answer) {
  const { data } = await json(answer);
  return { client: data, etag: answer.headers.get("ETag") ?? "" };
}

/**
 * @param {Response} answer
 * @returns {Promise<ApiError>}
 */
async function refusal(answer) {
  const retryAfter = answer.headers.get("Retry-After");
  const facts = {
    status: answer.status,
    requestId: answer.headers.get("X-Request-Id"),
    retryAfter: retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null,
  };
  try {
    const problem = await answer.json();
    return new ApiError({
      ...facts,
      code: problem.code ?? null,
      detail: problem.detail ?? problem.message ?? `The API answered ${answer.status}.`,
      errors: problem.errors,
      requestId: problem.requestId ?? facts.requestId,
    });
  } catch {
    return new ApiError({ ...facts, detail: `The API answered ${answer.status}.` });
  }
}
