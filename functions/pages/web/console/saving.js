// How a form is saved, so that nothing is made twice and nothing is overwritten.

import { ApiError } from "./errors.js";
import { changedFields, patchOf, valuesOf } from "./fields.js";
import { persist } from "./retry.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./api.js").Versioned} Versioned */
/** @typedef {import("./fields.js").Values} Values */
/** @typedef {{ signal?: AbortSignal, onWait?: (wait: import("./retry.js").Wait | null) => void, attempts?: number }} Options */

/** The making of one client, however often it takes to send it. */
export class Creation {
  #key = crypto.randomUUID();
  /** What was sent before, and may have made the client although there was no answer. @type {Values | null} */
  #sent = null;

  /**
   * @param {Api} api
   * @param {Values} values
   * @param {Options} options
   * @returns {Promise<Versioned>}
   */
  async save(api, values, options) {
    const create = (/** @type {Values} */ of) =>
      persist(() => api.create({ name: of.name, ...patchOf(of) }, this.#key), options);
    const sent = this.#sent;
    this.#sent ??= values;
    try {
      return await create(values);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (error.code === "idempotency_key_reused" && sent) {
        // The client was made of what the form had before. So it is changed into what the form has now.
        const made = await create(sent);
        const outcome = await saveChanges(api, made, valuesOf(made.client), values, options);
        if (outcome.kind === "saved") {
          return outcome.saved;
        }
      }
      if (error.status === 400) {
        // Nothing was made.
        this.#sent = sent;
      }
      throw error;
    }
  }
}

/**
 * @typedef {{ kind: "saved", saved: Versioned } | { kind: "conflict", current: Versioned } | { kind: "gone" }} Outcome
 */

/**
 * Saves the fields that differ from `base`, if the client is still the one that was read, and was `base` then.
 *
 * @param {Api} api
 * @param {Versioned} read
 * @param {Values} base
 * @param {Values} values
 * @param {Options} options
 * @returns {Promise<Outcome>}
 */
export async function saveChanges(api, read, base, values, options) {
  const { id } = read.client;
  const fields = changedFields(base, values);
  if (changedFields(base, valuesOf(read.client)).length > 0) {
    // What the form began with was not what was read.
    return { kind: "conflict", current: read };
  }
  try {
    const saved = await persist(() => api.update(id, patchOf(values, fields), read.etag), options);
    return { kind: "saved", saved };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return { kind: "gone" };
    }
    if (!(error instanceof ApiError) || error.status !== 412) {
      throw error;
    }
  }
  try {
    const current = await persist(() => api.get(id), options);
    if (!current) {
      return { kind: "gone" };
    }
    // If it is as it should be, an earlier attempt took effect and its answer was lost; or the other one has had the
    // same idea.
    const now = valuesOf(current.client);
    const isDone = fields.every((field) => now[field] === values[field]);
    return isDone ? { kind: "saved", saved: current } : { kind: "conflict", current };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return { kind: "gone" };
    }
    throw error;
  }
}
