// What the API answers if it does not do what it was asked: a problem document, the gateway's own message, or nothing.

/** @typedef {{ field: string, message: string }} FieldError */

export class ApiError extends Error {
  /**
   * @param {object} facts
   * @param {number} facts.status the HTTP status, or 0 if there was no answer
   * @param {string | null} [facts.code] the problem's code; `null` in the gateway's own answers
   * @param {string} facts.detail what happened, for people
   * @param {FieldError[]} [facts.errors] what is wrong with the input
   * @param {string | null} [facts.requestId]
   * @param {number | null} [facts.retryAfter] seconds
   */
  constructor({ status, code = null, detail, errors = [], requestId = null, retryAfter = null }) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/**
 * Whether the caller itself has ended the request.
 *
 * @param {unknown} error
 * @returns {boolean}
 */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}
