// The key is asked for, tried, and kept in this tab. What was open stays as it is behind, in case the key has expired in
// the middle of some work.

import { Api } from "./api.js";
import { paramsOf } from "./address.js";
import { fill, find } from "./dom.js";
import { ApiError } from "./errors.js";
import { countdown, saying } from "./faces.js";
import { isKey, storeKey } from "./key.js";
import { persist } from "./retry.js";
import { SETTINGS } from "./settings.js";

/**
 * Asks for a key until there is one that the API accepts.
 *
 * @param {import("./address.js").View} view what the first request is for
 * @param {string | null} message why a key is needed again
 * @returns {Promise<string>}
 */
export function signIn(view, message) {
  const dialog = find("#sign-in", HTMLDialogElement);
  const form = find("form", HTMLFormElement, dialog);
  const input = find("#key", HTMLInputElement);
  const error = find("#key-error", HTMLElement);
  const button = find("button[type=submit]", HTMLButtonElement, form);
  const local = find("#use-local-key", HTMLButtonElement);
  find("#sign-in-reason", HTMLElement).textContent = message ?? "";
  local.hidden = SETTINGS.localKey === null;
  const say = (/** @type {import("./dom.js").Child[]} */ ...text) => {
    fill(error, ...text);
    input.setAttribute("aria-invalid", String(text.length > 0));
  };
  say();
  return new Promise((resolve) => {
    /** @param {string} key */
    const attempt = async (key) => {
      if (!isKey(key)) {
        say(
          key === ""
            ? "Paste your API key."
            : "This is not a whole key: a key is ba_ followed by 40 characters, digits and the letters a to f.",
        );
        input.focus();
        return;
      }
      const api = new Api(SETTINGS.api, key);
      button.disabled = local.disabled = true;
      say();
      try {
        await persist(() => api.list(paramsOf(view)), {
          onWait: (wait) => wait && say(`${saying(wait.error).title}. `, countdown(wait.seconds)),
        });
        storeKey(key);
        input.value = "";
        controller.abort();
        dialog.close();
        resolve(key);
      } catch (failure) {
        const isRefused = failure instanceof ApiError && failure.status === 401;
        const text =
          failure instanceof ApiError ? `${saying(failure).title}. ${saying(failure).text}` : String(failure);
        say(
          isRefused
            ? "The API does not know this key. It may have expired or been revoked, or be for another system."
            : text,
        );
        input.focus();
      } finally {
        button.disabled = local.disabled = false;
      }
    };
    const controller = new AbortController();
    const { signal } = controller;
    form.addEventListener("submit", (event) => (event.preventDefault(), void attempt(input.value.trim())), { signal });
    local.addEventListener("click", () => void attempt(SETTINGS.localKey ?? ""), { signal });
    // There is nothing to go back to without a key.
    dialog.addEventListener("cancel", (event) => event.preventDefault(), { signal });
    dialog.addEventListener("close", () => signal.aborted || dialog.showModal(), { signal });
    if (!dialog.open) {
      dialog.showModal();
    }
    input.focus();
  });
}
