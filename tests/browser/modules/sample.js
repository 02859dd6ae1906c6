// A client for the tests of modules, and what of a browser they need under Node.js.

globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};

/** @typedef {import("../../../functions/pages/web/console/api.js").Client} Client */

/**
 * @param {number} n
 * @param {Partial<Client>} [fields] what differs
 * @returns {Client}
 */
export const client = (n, fields) => ({
  id: String(n),
  name: `Client ${n}`,
  phone: null,
  status: "active",
  notes: null,
  createdAt: "",
  updatedAt: "",
  ...fields,
});
