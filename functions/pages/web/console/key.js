// The API key. It is kept in this tab alone, and never in the address.

import { SETTINGS } from "./settings.js";

const ITEM = "clients-api-key";
/** What stands in the place of a key after somebody has signed out, so that the local key is not used by itself. */
const SIGNED_OUT = "signed out";

/** @returns {string | null} the key of this tab, or else the local one */
export function storedKey() {
  const stored = sessionStorage.getItem(ITEM);
  return stored === SIGNED_OUT ? null : (stored ?? SETTINGS.localKey);
}

/** @param {string} key */
export function storeKey(key) {
  sessionStorage.setItem(ITEM, key);
}

export function forgetKey() {
  sessionStorage.setItem(ITEM, SIGNED_OUT);
}

/**
 * Whether a text has the form of a key and the right checksum, which a mistyped key has not.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function isKey(text) {
  const body = text.slice(0, -8);
  return /^ba_[0-9a-f]{40}$/.test(text) && Number.parseInt(text.slice(-8), 16) === crc32(body);
}

/**
 * The CRC-32 of zlib.
 *
 * @param {string} text ASCII
 */
function crc32(text) {
  let crc = ~0;
  for (const character of text) {
    crc ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}
