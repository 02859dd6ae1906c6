// The import itself: the records of a table, in batches. Each client is put at an identifier made from its record, so an
// import that was stopped continues when the same file is imported again.

import { sendBatch } from "../bulk.js";
import { isAbort } from "../errors.js";
import { Identities } from "./identity.js";

/** @typedef {import("../api.js").Api} Api */
/** @typedef {import("../api.js").Operation} Operation */
/** @typedef {import("./rejects.js").Reject} Reject */
/** @typedef {import("./table.js").Table} Table */

/**
 * What an import did.
 *
 * @typedef {object} Totals
 * @property {number} done the records that were tried
 * @property {number} created
 * @property {number} replaced
 * @property {number} there the clients that were there already and were left as they are
 * @property {Reject[]} rejects
 */

/**
 * @typedef {object} Options
 * @property {boolean} overwrite whether clients that are there are replaced
 * @property {AbortSignal} signal stops after the batch that is under way
 * @property {(totals: Totals) => void} onProgress
 * @property {(wait: import("../retry.js").Wait | null) => void} onWait
 */

/**
 * Imports the records of a table that was not read yet. If it fails, `onProgress` was told how far it came.
 *
 * @param {Api} api
 * @param {Table} table
 * @param {Options} options
 * @returns {Promise<Totals>}
 */
export async function importTable(api, table, { overwrite, signal, onProgress, onWait }) {
  /** @type {Totals} */
  const totals = { done: 0, created: 0, replaced: 0, there: 0, rejects: [] };
  const identities = new Identities();
  while (!signal.aborted) {
    const records = nextRecords(table, api.batchSize, totals);
    if (records.length === 0) {
      return totals;
    }
    const operations = await Promise.all(
      records.map(async (record) => operation(await identities.next(record), record.client, overwrite)),
    );
    try {
      const results = await sendBatch(api, operations, { signal, onWait });
      records.forEach((record, at) => {
        // Of what was stopped, these are tried again when the same file is imported again.
        if (!signal.aborted || ![0, 503].includes(results[at]?.status ?? 500)) {
          count(totals, record, results[at]);
        }
      });
    } catch (error) {
      if (isAbort(error)) {
        return totals;
      }
      throw error;
    }
    onProgress(totals);
  }
  return totals;
}

/**
 * The next records that have clients. Others are rejected on the way.
 *
 * @param {Table} table
 * @param {number} number
 * @param {Totals} totals
 */
function nextRecords(table, number, totals) {
  const records = [];
  while (records.length < number) {
    const entry = table.next();
    if (!entry) {
      break;
    }
    if (entry.client) {
      records.push(entry);
    } else {
      totals.rejects.push(entry);
    }
  }
  return records;
}

/**
 * @param {string} id
 * @param {import("./draft.js").Texts} client
 * @param {boolean} overwrite
 * @returns {Operation}
 */
function operation(id, client, overwrite) {
  return { operation: "put", id, client, ...(overwrite ? {} : { ifNoneMatch: "*" }) };
}

/**
 * @param {Totals} totals
 * @param {{ line: number, original: string[] }} record
 * @param {import("../api.js").Result | undefined} result
 */
function count(totals, { line, original }, result) {
  const { status, problem } = result ?? { status: 500, problem: undefined };
  totals.done += 1;
  if (status === 201) {
    totals.created += 1;
  } else if (status === 200) {
    totals.replaced += 1;
  } else if (status === 412) {
    totals.there += 1;
  } else {
    const errors = problem?.errors?.map(({ field, message }) => `\`${field}\` ${message}`).join(", ");
    totals.rejects.push({
      line,
      original,
      error: errors || problem?.detail || `the API answered ${status}`,
      isDelayed: status === 429 || status >= 500,
    });
  }
}
