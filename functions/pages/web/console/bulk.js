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
 * @property {boolean} [isFinal] whether it would be refused again
 */

/** The status of an operation that was not attempted. */
const NO_TIME = 503;
/** The attempts that a batch gets if some of its operations had no time. */
const ATTEMPTS = 6;
/** The single requests that are under way at the same time. */
const WIDTH = 6;

/** What was stopped although an attempt that had no answer may have taken effect. */
class Unclear extends Error {
  constructor() {
    super("It is not known whether it took effect.");
  }
}

/**
 * Does an operation on each client. If it is stopped, the batch that is under way is the last one, and what was
 * certainly left as it was has no outcome.
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
        if (status > 0 && status < 300) {
          outcomes.push({ client, etag });
        } else if (!signal.aborted || status !== NO_TIME) {
          outcomes.push({ client, failure: reason(status, problem), isFinal: status === 404 || status === 412 });
        }
      });
    } catch (error) {
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
        await persistClearly(() => request(client), { signal, onWait });
        outcomes.push({ client });
      } catch (error) {
        if (signal.aborted && !(error instanceof Unclear)) {
          return;
        }
        const isGone = error instanceof ApiError && error.status === 404;
        outcomes.push({
          client,
          failure: isGone ? reason(404) : String(error instanceof Error ? error.message : error),
          isFinal: isGone,
        });
      }
      onProgress(outcomes.length);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return outcomes;
}

/**
 * Sends a batch, and again while some of its operations had no time: what took effect is not repeated. If it is stopped,
 * the results are the last ones that were received: 503 for what was not attempted, 0 for what may have taken effect.
 *
 * @param {Api} api
 * @param {Operation[]} operations
 * @param {Pick<Options, "signal" | "onWait">} options
 * @returns {Promise<import("./api.js").Result[]>}
 */
export async function sendBatch(api, operations, { signal, onWait }) {
  const key = crypto.randomUUID();
  /** @type {import("./api.js").Result[]} */
  let results = operations.map(() => ({ status: NO_TIME }));
  for (let attempt = 1; ; attempt += 1) {
    try {
      results = await persistClearly(() => api.batch(operations, key), { signal, onWait });
      if (signal.aborted || attempt === ATTEMPTS || results.every(({ status }) => status !== NO_TIME)) {
        return results;
      }
      const error = new ApiError({ status: NO_TIME, code: "not_attempted", detail: "Some operations had no time." });
      await pause(delay(attempt, null), error, { signal, onWait });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
      const isUnclear = error instanceof Unclear;
      return results.map((result) => (isUnclear && result.status === NO_TIME ? { status: 0 } : result));
    }
  }
}

/**
 * Persists. If that is stopped after an attempt that may have taken effect, it throws `Unclear`.
 *
 * @template T
 * @param {() => Promise<T>} request
 * @param {Pick<Options, "signal" | "onWait">} options
 * @returns {Promise<T>}
 */
async function persistClearly(request, { signal, onWait }) {
  let isUnclear = false;
  const attempt = async () => {
    try {
      return await request();
    } catch (error) {
      isUnclear ||= !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
      throw error;
    }
  };
  try {
    return await persist(attempt, { signal, onWait });
  } catch (error) {
    throw signal.aborted && isUnclear ? new Unclear() : error;
  }
}

/**
 * @param {number} status
 * @param {import("./api.js").Problem} [problem]
 */
function reason(status, problem) {
  if (status === 0) {
    return new Unclear().message;
  }
  if (status === 404) {
    return "It no longer exists.";
  }
  if (status === 412) {
    return "Somebody else has changed it since.";
  }
  const errors = problem?.errors?.map(({ field, message }) => `${field}: ${message}`);
  return errors?.join("; ") ?? problem?.detail ?? `The API answered ${status}.`;
}
