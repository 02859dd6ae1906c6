// The address bar's text for what is shown, and back. A view that is sent to a colleague is the same there. Whatever an
// address has that is not understood counts as absent.

/** @typedef {import("./api.js").SortBy} SortBy */
/** @typedef {import("./api.js").Status} Status */

/**
 * @typedef {object} View
 * @property {string} query
 * @property {Status | null} status `null` for any
 * @property {SortBy} sort
 * @property {"asc" | "desc"} order
 * @property {number} page from 1
 * @property {number} size
 * @property {string | null} client the identifier of the client that is open, or `new`
 */

/** The clients on a page that people can choose between. */
export const SIZES = [25, 50, 100];

/** @type {Readonly<View>} */
export const DEFAULT_VIEW = Object.freeze({
  query: "",
  status: null,
  sort: "createdAt",
  order: "desc",
  page: 1,
  size: 50,
  client: null,
});

const SORTS = ["name", "phone", "status", "createdAt"];
/** The highest offset that the API takes. */
const HIGHEST_OFFSET = 2 ** 32 - 1;
/** The longest query, in characters. */
export const LONGEST_QUERY = 200;

/**
 * @param {string} search as in `location.search`
 * @returns {View}
 */
export function viewOf(search) {
  const parameters = new URLSearchParams(search);
  const get = (/** @type {string} */ name) => parameters.get(name) ?? "";
  const view = { ...DEFAULT_VIEW };
  view.query = asQuery(get("q"));
  const status = get("status");
  if (status === "active" || status === "inactive") {
    view.status = status;
  }
  const sort = get("sort");
  if (SORTS.includes(sort)) {
    view.sort = /** @type {SortBy} */ (sort);
    view.order = view.sort === DEFAULT_VIEW.sort ? DEFAULT_VIEW.order : "asc";
  }
  const order = get("order");
  if (order === "asc" || order === "desc") {
    view.order = order;
  }
  const size = Number(get("size"));
  if (SIZES.includes(size)) {
    view.size = size;
  }
  const page = get("page");
  if (/^[1-9]\d{0,9}$/.test(page)) {
    view.page = Math.min(Number(page), Math.floor(HIGHEST_OFFSET / view.size));
  }
  const client = get("client");
  if (client === "new" || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(client)) {
    view.client = client.toLowerCase();
  }
  return view;
}

/**
 * What follows the path in the address; empty for the default view.
 *
 * @param {View} view
 * @returns {string}
 */
export function searchOf(view) {
  const parameters = new URLSearchParams();
  const set = (
    /** @type {string} */ name,
    /** @type {string | number | null} */ value,
    /** @type {unknown} */ usual,
  ) => {
    if (value !== null && value !== usual) {
      parameters.set(name, String(value));
    }
  };
  set("q", view.query, "");
  set("status", view.status, null);
  const isUsual = view.sort === DEFAULT_VIEW.sort && view.order === DEFAULT_VIEW.order;
  set("sort", view.sort, isUsual ? view.sort : null);
  set("order", view.order, isUsual ? view.order : null);
  set("page", view.page, 1);
  set("size", view.size, DEFAULT_VIEW.size);
  set("client", view.client, null);
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * The list's parameters for a view.
 *
 * @param {View} view
 * @returns {Required<Pick<import("./api.js").ListParams, "limit" | "offset">> & import("./api.js").ListParams}
 */
export function paramsOf(view) {
  return { ...filterOf(view), limit: view.size, offset: (view.page - 1) * view.size };
}

/**
 * The list's parameters for a view, without those of the page.
 *
 * @param {View} view
 * @returns {import("./api.js").ListParams}
 */
export function filterOf({ query, status, sort, order }) {
  return { query, status: status === null ? undefined : [status], sortBy: sort, sortOrder: order };
}

/**
 * The text as a query that the API takes: at most 200 characters, and spaces for control characters, which only a paste
 * can have.
 *
 * @param {string} text
 * @returns {string}
 */
export function asQuery(text) {
  return [...text.replace(/\p{Cc}/gu, " ")].slice(0, LONGEST_QUERY).join("");
}
