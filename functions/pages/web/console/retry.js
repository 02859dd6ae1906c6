// When and how a request is repeated. All requests of this console may be: reads, creates and batches with an
// `Idempotency-Key`, updates with `If-Match`, deletions and restorations.

import { ApiError } from "./errors.js";

/** The longest wait between two attempts, in seconds, unless the API asks for a longer one. */
const LONGEST = 30;

/**
 * A wait before the next attempt.
 *
 * @typedef {object} Wait
 * @property {number} seconds
 * @property {ApiError} error why the last attempt failed
 * @property {() => void} skip ends the wait
 */

/**
 * Whether the same request may succeed later.
 *
 * @param {unknown} error
 * @returns {error is ApiError}
 */
export function isTemporary(error) {
  if (!(error instanceof ApiError) || error.code === "organization_too_large") {
    return false;
  }
  // An error without a code is the gateway's own; so is a 500 then, for a function that gave no answer.
  const isGateways = error.code === null && [500, 502, 504].includes(error.status);
  return error.status === 0 || error.status === 429 || error.status === 503 || isGateways;
}

/**
 * The seconds to wait after an attempt: what the API asks for, else 1, 2, 4 and so on, each less up to a quarter by
 * chance, so that many tabs do not come back at the same moment.
 *
 * @param {number} attempt the attempt that failed: 1 for the first
 * @param {number | null} retryAfter
 * @param {number} [chance] between 0 and 1
 * @returns {number}
 */
export function delay(attempt, retryAfter, chance = Math.random()) {
  const backoff = Math.min(2 ** (attempt - 1), LONGEST) * (1 - chance / 4);
  return Math.max(retryAfter ?? 0, backoff);
}

/**
 * Makes attempts until one succeeds or fails for good. `onWait` is told of each wait, and with `null` of its end.
 *
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {{ signal?: AbortSignal, onWait?: (wait: Wait | null) => void, attempts?: number }} [options]
 * @returns {Promise<T>}
 */
export async function persist(attempt, { signal, onWait, attempts = Infinity } = {}) {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTemporary(error) || number >= attempts) {
        throw error;
      }
      await pause(delay(number, error.retryAfter), error, { signal, onWait });
    }
  }
}

/**
 * Waits, less long if the wait is skipped, or if an API that did not answer may be reached again.
 *
 * @param {number} seconds
 * @param {ApiError} error
 * @param {{ signal?: AbortSignal, onWait?: (wait: Wait | null) => void }} [options]
 * @returns {Promise<void>}
 */
export function pause(seconds, error, { signal, onWait } = {}) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", skip);
      signal?.removeEventListener("abort", abort);
      onWait?.(null);
    };
    const skip = () => {
      end();
      resolve();
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const timer = setTimeout(skip, seconds * 1000);
    if (error.status === 0) {
      addEventListener("online", skip);
    }
    signal?.addEventListener("abort", abort);
    onWait?.({ seconds, error, skip });
  });
}
