// What the import and the export, in `transfer/`, get from the console. They make elements with `h` of `dom.js`, repeat
// what fails for a time with `persist` of `retry.js`, and export `openImport(context)` and `exportClients(context)`.

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./api.js").ListParams} ListParams */

/**
 * @typedef {object} Toast
 * @property {string} text
 * @property {"info" | "error"} [kind] an error stays until it is closed
 * @property {{ label: string, run: () => void }} [action] a button
 * @property {() => Promise<boolean>} [undo] what the button "Undo" and the key `u` do; false if it can be tried again
 */

/**
 * @typedef {object} Context
 * @property {Api} api
 * @property {() => ListParams} filter what is shown: `query`, `status`, `sortBy` and `sortOrder`, without the page
 * @property {() => number} total the number of clients that match the filter, when last read
 * @property {() => Promise<void>} refresh reads the page that is shown again
 * @property {(toast: Toast) => void} toast shows a message for a while
 * @property {(text: string) => void} announce says something to screen readers alone
 */

export {};
