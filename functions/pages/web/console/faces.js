// What the page says when there is nothing to show, or no answer: what happened, and what to do.

import { h } from "./dom.js";
import { ApiError } from "./errors.js";
import { duration } from "./format.js";

/** @typedef {import("./retry.js").Wait} Wait */
/** @typedef {{ title: string, text: string }} Saying */

/**
 * What to say of an error.
 *
 * @param {ApiError} error
 * @param {boolean} [isOnline]
 * @returns {Saying}
 */
export function saying(error, isOnline = navigator.onLine) {
  if (error.status === 0) {
    return isOnline
      ? { title: "The API does not answer", text: "Check your network connection." }
      : { title: "You are offline", text: "The console continues when you are back online." };
  }
  if (error.code === "organization_too_large") {
    return {
      title: "There are too many clients to list",
      text: "Each of them can still be read and changed through the API. Ask whoever runs it what to do.",
    };
  }
  if (error.status === 429) {
    return {
      title: "Too many requests",
      text: "The limit of your key or your organization is used up for this minute.",
    };
  }
  if ([502, 503, 504].includes(error.status)) {
    return { title: "The API is not available", text: "It could not answer in time. This usually passes quickly." };
  }
  if (error.status === 400) {
    const errors = error.errors.map(({ field, message }) => `${field}: ${message}`).join("; ");
    return { title: "The API does not accept this", text: errors || error.message };
  }
  if (error.status === 401) {
    return { title: "The key is not accepted", text: "Sign in with another key." };
  }
  if (error.status >= 500) {
    return {
      title: "The API has a fault",
      text: "Try again. If it keeps happening, give the request number to whoever runs the API.",
    };
  }
  return { title: "That did not work", text: error.message };
}

/**
 * Why something failed, in sentences.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function because(error) {
  if (!(error instanceof ApiError)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { title, text } = saying(error);
  return `${title}. ${text}`;
}

/**
 * The face of an error. Of a wait it shows the seconds that are left.
 *
 * @param {ApiError} error
 * @param {{ wait?: Wait | null, actions?: HTMLElement[] }} [options]
 * @returns {HTMLElement}
 */
export function failureFace(error, { wait, actions = [] } = {}) {
  const { title, text } = saying(error);
  return face(
    title,
    [
      h("p", {}, text, wait ? " " : null, wait && countdown(wait.seconds)),
      error.requestId && h("p", { className: "request" }, "Request ", h("code", {}, error.requestId)),
    ],
    [wait && h("button", { type: "button", onclick: wait.skip }, "Try now"), ...actions],
  );
}

/**
 * @param {string} title
 * @param {import("./dom.js").Child[]} content
 * @param {import("./dom.js").Child[]} actions
 * @returns {HTMLElement}
 */
export function face(title, content, actions) {
  return h(
    "div",
    { className: "face" },
    h("h2", {}, title),
    ...content,
    h("div", { className: "buttons" }, ...actions),
  );
}

/**
 * “Trying again in 3 s.”, and so on. It is not announced: a number each second is too much to listen to.
 *
 * @param {number} seconds
 * @returns {HTMLElement}
 */
export function countdown(seconds) {
  const end = Date.now() + seconds * 1000;
  const text = () => `Trying again in ${duration((end - Date.now()) / 1000)}.`;
  const element = h("span", { className: "countdown" }, text());
  const timer = setInterval(() => {
    if (!element.isConnected || Date.now() >= end) {
      clearInterval(timer);
    }
    element.textContent = text();
  }, 500);
  return element;
}
