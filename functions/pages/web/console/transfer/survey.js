// A first reading of a file, for the preview: what would be imported, and what would not.

/** @typedef {import("./rejects.js").Reject} Reject */
/** @typedef {import("./table.js").Table} Table */
/** @typedef {import("./draft.js").Texts} Texts */

/**
 * @typedef {object} Survey
 * @property {number} good the records that can be imported
 * @property {Reject[]} rejects those that cannot
 * @property {{ line: number, client: Texts }[]} sample the first of the good ones
 */

/** The clients that a preview shows. */
const SAMPLE = 8;
/** The longest time without a pause in which the page can answer, in milliseconds. */
const SLICE = 30;

/**
 * Reads a table to its end.
 *
 * @param {Table} table
 * @param {{ signal: AbortSignal, onProgress?: (part: number) => void }} options
 * @returns {Promise<Survey>}
 */
export async function surveyOf(table, { signal, onProgress }) {
  /** @type {Survey} */
  const survey = { good: 0, rejects: [], sample: [] };
  const pause = pauses();
  for (let entry = table.next(); entry; entry = table.next()) {
    if (entry.client) {
      survey.good += 1;
      if (survey.sample.length < SAMPLE) {
        survey.sample.push({ line: entry.line, client: entry.client });
      }
    } else {
      survey.rejects.push(entry);
    }
    if (await pause()) {
      signal.throwIfAborted();
      onProgress?.(table.progress);
    }
  }
  signal.throwIfAborted();
  return survey;
}

/**
 * Makes a function that pauses if it is time to. Its result tells whether it did.
 *
 * @returns {() => Promise<boolean> | false}
 */
export function pauses() {
  let next = performance.now() + SLICE;
  return () => {
    if (performance.now() < next) {
      return false;
    }
    return new Promise((resolve) =>
      setTimeout(() => {
        next = performance.now() + SLICE;
        resolve(true);
      }),
    );
  };
}
