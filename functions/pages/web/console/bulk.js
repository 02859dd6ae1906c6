// Many writes: in batches as far as there are any for them, and each with a result of its own.

import { ApiError } from "./errors.js";
import { delay, pause, persist } from "./retry.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./api.js").Operation} Operation */

/**
 * @typedef {object} Options
 * @property {AbortSignal} signal
 * @property {(done: number) => void} onProgress
 * @property {(wait: import("./retry.js").Wait | null) => void} onWait
 */

/**
 * What became of the operation on a client.
 *
 * @typedef {object} Outcome
 * @property {Client} client as it was
 * @property {string} [etag] the tag of a client that was changed
 * @property {string} [failure] why the operation was refused
 */

/** The attempts that a batch gets if some of its operations had no time. */
const ATTEMPTS = 6;
/** The single requests that are under way at the same time. */
const WIDTH = 6;

/**
 * Does an operation on each client. If it is stopped, the batch that is under way is the last one.
 *
 * @param {Api} api
 * @param {Client[]} clients
 * @param {(client: Client) => Operation} operationOf
 * @param {Options} options
 * @returns {Promise<Outcome[]>}
 */
export async function inBatches(api, clients, operationOf, { signal, onProgress, onWait }) {
  /** @type {Outcome[]} */
  const outcomes = [];
  while (outcomes.length < clients.length && !signal.aborted) {
    const part = clients.slice(outcomes.length, outcomes.length + api.batchSize);
    try {
      const results = await sendBatch(api, part.map(operationOf), { signal, onWait });
      part.forEach((client, index) => {
        const { status, etag, problem } = results[index] ?? { status: 500 };
        outcomes.push(status < 300 ? { client, etag } : { client, failure: reason(status, problem) });
      });
    } catch (error) {
      if (signal.aborted) {
        break;
      }
      const failure = error instanceof Error ? error.message : String(error);
      const isRefused = error instanceof ApiError && error.status === 401;
      const failed = isRefused ? clients.slice(outcomes.length) : part;
      outcomes.push(...failed.map((client) => ({ client, failure })));
    }
    onProgress(outcomes.length);
  }
  return outcomes;
}

/**
 * Makes a request for each client, a few at a time.
 *
 * @param {Client[]} clients
 * @param {(client: Client) => Promise<unknown>} request
 * @param {Options} options
 * @returns {Promise<Outcome[]>}
 */
export async function oneByOne(clients, request, { signal, onProgress, onWait }) {
  /** @type {Outcome[]} */
  const outcomes = [];
  const waiting = clients.values();
  const work = async () => {
    for (const client of waiting) {
      if (signal.aborted) {
        return;
      }
      try {
        await persist(() => request(client), { signal, onWait });
        outcomes.push({ client });
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        const isGone = error instanceof ApiError && error.status === 404;
        outcomes.push({
          client,
          failure: isGone ? reason(404) : String(error instanceof Error ? error.message : error),
        });
      }
      onProgress(outcomes.length);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return outcomes;
}

/**
 * Sends a batch, and again while some of its operations had no time: what took effect is not repeated.
 *
 * @param {Api} api
 * @param {Operation[]} operations
 * @param {Pick<Options, "signal" | "onWait">} options
 * @returns {Promise<import("./api.js").Result[]>}
 */
export async function sendBatch(api, operations, { signal, onWait }) {
  const key = crypto.randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const results = await persist(() => api.batch(operations, key), { signal, onWait });
    if (attempt === ATTEMPTS || results.every(({ status }) => status !== 503)) {
      return results;
    }
    const error = new ApiError({ status: 503, code: "not_attempted", detail: "Some operations had no time." });
    await pause(delay(attempt, null), error, { signal, onWait });
  }
}

/**
 * @param {number} status
 * @param {import("./api.js").Problem} [problem]
 */
function reason(status, problem) {
  if (status === 404) {
    return "It is not there any more.";
  }
  if (status === 412) {
    return "Somebody has changed it since.";
  }
  const errors = problem?.errors?.map(({ field, message }) => `${field}: ${message}`);
  return errors?.join("; ") ?? problem?.detail ?? `The API answered ${status}.`;
}
