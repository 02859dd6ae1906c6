// The identifiers of imported clients: UUIDs of version 5. They depend on the record alone, so that a file that is
// imported again finds the clients that it has made: on the record's identifier in its source if it has one, else on all
// that is imported of it. Records that are alike in this are told apart by their order.

/** @typedef {import("./draft.js").Texts} Texts */

/** The namespace of imports, chosen once. */
const NAMESPACE = "5d1f6c52-8f0e-4b0b-9a57-6a3a3f0b7d21";
const NAMESPACE_BYTES = Uint8Array.from(NAMESPACE.replaceAll("-", "").match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** Gives identifiers to the records of one file. */
export class Identities {
  /** How often each record was there. @type {Map<string, number>} */
  #seen = new Map();

  /**
   * The identifier of the next record. Records must come in the order of the file.
   *
   * @param {{ client: Texts, sourceId: string, id: string | null }} record
   * @returns {Promise<string>}
   */
  async next({ client, sourceId, id }) {
    if (id !== null) {
      return id;
    }
    const { name, phone, status, notes } = client;
    // JSON begins with a bracket.
    const record = sourceId === "" ? JSON.stringify([name, phone, status, notes]) : `id ${sourceId}`;
    const count = (this.#seen.get(record) ?? 0) + 1;
    this.#seen.set(record, count);
    return uuidOf(`${record} ${count}`);
  }
}

/**
 * The UUID of version 5 (RFC 9562) for a name.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function uuidOf(name) {
  const text = new TextEncoder().encode(name);
  const hashed = new Uint8Array(NAMESPACE_BYTES.length + text.length);
  hashed.set(NAMESPACE_BYTES);
  hashed.set(text, NAMESPACE_BYTES.length);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", hashed)).subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
