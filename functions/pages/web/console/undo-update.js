// Undoing a change of one client: its fields get the values back that they had, unless somebody has changed it since.

import { because } from "./faces.js";
import { valuesOf } from "./fields.js";
import { saveChanges } from "./saving.js";

/** @typedef {import("./fields.js").Values} Values */
/** @typedef {import("./fields.js").Field} Field */

/** The attempts after which somebody is told that it failed. */
const ATTEMPTS = 5;

/**
 * @param {import("./api.js").Api} api
 * @param {import("./api.js").Client} client as it was saved
 * @param {string} etag
 * @param {{ values: Values, fields: Field[] }} before
 * @param {import("./context.js").Context["toast"]} toast
 * @returns {Promise<boolean>} false if it can be tried again
 */
export async function undoUpdate(api, client, etag, { values, fields }, toast) {
  const saved = valuesOf(client);
  const wanted = { ...saved, ...Object.fromEntries(fields.map((field) => [field, values[field]])) };
  try {
    const outcome = await saveChanges(api, { client, etag }, saved, wanted, { attempts: ATTEMPTS });
    if (outcome.kind === "saved") {
      toast({ text: `Undid the change of ${client.name}.` });
    } else {
      const what = outcome.kind === "gone" ? "deleted" : "changed";
      toast({ kind: "error", text: `The change cannot be undone. Somebody else has ${what} the client since.` });
    }
    return true;
  } catch (error) {
    toast({ kind: "error", text: `The change could not be undone. ${because(error)}` });
    return false;
  }
}
