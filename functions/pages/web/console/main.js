// The console: signs in, and joins its parts. What is shown follows from the address and from the API's answers.

import { DEFAULT_VIEW, filterOf } from "./address.js";
import { announce } from "./announce.js";
import { Api } from "./api.js";
import { deleteClient } from "./deletion.js";
import { find } from "./dom.js";
import { forgetKey, storedKey } from "./key.js";
import { Listing } from "./listing.js";
import { Paging } from "./paging.js";
import { Panel } from "./panel.js";
import { Poller } from "./poller.js";
import { Route } from "./route.js";
import { Screen } from "./screen.js";
import { SelectionBar } from "./selection-bar.js";
import { Selection } from "./selection.js";
import { SETTINGS } from "./settings.js";
import { Several } from "./several.js";
import { listen, showShortcuts } from "./shortcuts.js";
import { signIn } from "./sign-in.js";
import { Table } from "./table.js";
import { Toasts } from "./toasts.js";
import { Tools } from "./tools.js";
import { undoUpdate } from "./undo-update.js";
import { exportClients, openImport } from "./transfer/index.js";

/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./address.js").View} View */

const LIVENESS = {
  live: ["Live", "Others’ changes show up automatically."],
  paused: ["Paused", "Others’ changes show up when you come back to this tab."],
  offline: ["Offline", "What you see may be out of date."],
  limited: ["Delayed", "The limit of requests a minute is reached. Others’ changes show up later."],
  failing: ["Reconnecting…", "The API does not answer at the moment. What you see may be out of date."],
};

const api = new Api(
  SETTINGS.api,
  storedKey() ?? "",
  () =>
    void askForKey(
      "Your key is no longer accepted. It may have expired or been revoked. Sign in again to continue where you were.",
    ),
);
const toasts = new Toasts(find("#toasts", HTMLElement));
const route = new Route((view, before) => void onRoute(view, before));
const listing = new Listing(api, route.view, onState, (page) => route.go({ page }, { replace: true }));
/** @type {import("./context.js").Context} */
const context = {
  api,
  filter: () => filterOf(route.view),
  total: () => listing.state.page?.total ?? 0,
  refresh: () => listing.refresh(),
  toast: (toast) => toasts.show(toast),
  announce,
};
const table = new Table({
  addressOf: (id) => route.address({ ...route.view, client: id }),
  onOpen: (id) => route.go({ client: id }),
  onSelect: (id, extend) => toggle(id, extend),
});
const paging = new Paging(route, (view) => void listing.prefetch(view));
const tools = new Tools(route);
const screen = new Screen(table, paging, {
  retry: () => void listing.load(route.view),
  clear: () => {
    route.go({ ...DEFAULT_VIEW, size: route.view.size, sort: route.view.sort, order: route.view.order });
    tools.focusSearch();
  },
  create: () => route.go({ client: "new" }),
  importClients: () => openImport(context),
});
const selection = new Selection(showSelection);
const several = new Several(context);
const bar = new SelectionBar({
  selectPage: () => selection.add(shownClients()),
  selectAll: () => void selectAll(),
  clear: () => selection.clear(),
  run: (what) => void runOnSelection(what),
});
const panel = new Panel(api, {
  onClose: () => void closePanel(),
  onCreated: (client) => {
    leavePanel();
    toasts.show({
      text: `Created ${client.name}.`,
      action: { label: "Open", run: () => route.go({ client: client.id }) },
    });
    void refreshAndFocus(client.id);
  },
  onSaved: (client, before) => {
    leavePanel();
    const undo = before.fields.length > 0 ? () => undoChange(client, before) : undefined;
    toasts.show({ text: `Saved ${client.name}.`, undo });
    void refreshAndFocus(client.id);
  },
  onRestored: () => void listing.refresh(),
  onDelete: (client) => void deleteFromPanel(client),
});
const poller = new Poller(
  async () => {
    await Promise.all([listing.check(), panel.check()]);
  },
  (liveness) => {
    const [text, title] = LIVENESS[liveness];
    const element = find("#liveness", HTMLElement);
    element.dataset.liveness = liveness;
    element.textContent = text ?? "";
    element.title = title ?? "";
  },
);
/** Whether the key is being asked for. */
let isSigningIn = false;
/** Where the focus goes when the panel closes. @type {string | null} */
let opened = null;

/** @type {import("./shortcuts.js").Shortcut[]} */
const SHORTCUTS = [
  { keys: ["/", "Control+k"], shown: "/ or Ctrl K", does: "Search", run: () => tools.focusSearch() },
  {
    keys: ["ArrowDown", "j"],
    shown: "↓ or j",
    does: "Next client; with Shift and ↓, select on the way",
    run: (event) => move(1, event),
  },
  { keys: ["ArrowUp", "k"], shown: "↑ or k", does: "Previous client", run: (event) => move(-1, event) },
  { keys: ["Home"], shown: "Home", does: "First client of the page", run: () => table.move(-Infinity) },
  { keys: ["End"], shown: "End", does: "Last client of the page", run: () => table.move(Infinity) },
  { keys: ["PageDown", "ArrowRight"], shown: "Page Down or →", does: "Next page", run: () => paging.turn(1) },
  { keys: ["PageUp", "ArrowLeft"], shown: "Page Up or ←", does: "Previous page", run: () => paging.turn(-1) },
  { keys: ["e"], shown: "Enter or e", does: "Open the client", run: () => openFocused() },
  { keys: ["n"], shown: "n", does: "New client", run: () => route.go({ client: "new" }) },
  {
    keys: ["x"],
    shown: "x",
    does: "Select or deselect the client",
    run: () => table.focused !== null && toggle(table.focused, false),
  },
  { keys: ["a"], shown: "a", does: "Select all clients of the page", run: () => selection.add(shownClients()) },
  {
    keys: ["Delete", "#"],
    shown: "Delete or #",
    does: "Delete the client, or those that are selected",
    run: () => deleteFocused(),
  },
  { keys: ["u", "Control+z"], shown: "u or Ctrl Z", does: "Undo", run: () => toasts.undo() },
  { keys: ["Escape"], shown: "Esc", does: "Close, or clear the selection", run: () => selection.clear() },
  { keys: ["?"], shown: "?", does: "Show these shortcuts", run: () => showShortcuts(SHORTCUTS) },
];

void start();

async function start() {
  connect();
  tools.show(route.view);
  find("#app", HTMLElement).hidden = false;
  if (storedKey() === null) {
    await askForKey(null);
  } else {
    void listing.load(route.view);
    showPanel(route.view);
    poller.start();
  }
}

function connect() {
  const onClick = (/** @type {string} */ selector, /** @type {() => void} */ run) =>
    find(selector, HTMLButtonElement).addEventListener("click", run);
  onClick("#new", () => route.go({ client: "new" }));
  onClick("#import", () => openImport(context));
  onClick("#export", () => exportClients(context));
  onClick("#show-shortcuts", () => showShortcuts(SHORTCUTS));
  onClick("#sign-out", () => void signOut());
  listen(SHORTCUTS);
  find("#query", HTMLInputElement).addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || (event.key === "Escape" && !tools.clearSearch())) {
      event.preventDefault();
      table.focus(null);
    }
  });
  addEventListener("beforeunload", (event) => {
    if (panel.isDirty || several.isBusy) {
      event.preventDefault();
    }
  });
}

/**
 * Asks for a key, and goes on where the view was.
 *
 * @param {string | null} message
 */
async function askForKey(message) {
  if (isSigningIn) {
    return;
  }
  isSigningIn = true;
  poller.stop();
  api.key = await signIn(route.view, message);
  isSigningIn = false;
  poller.start();
  if (panel.id === null) {
    showPanel(route.view);
  }
  await listing.refresh();
}

async function signOut() {
  if (await panel.mayClose()) {
    forgetKey();
    panel.close();
    // Nothing of the organization stays in the memory of the page.
    location.reload();
  }
}

/**
 * @param {View} view
 * @param {View} before
 */
async function onRoute(view, before) {
  if (panel.id !== null && view.client !== panel.id && !(await mayLeave(before))) {
    return;
  }
  tools.show(view);
  if (view.query !== before.query || view.status !== before.status) {
    selection.clear();
  }
  const isList = (/** @type {View} */ { client, ...list }) => JSON.stringify(list);
  if (isList(view) !== isList(before) || listing.state.failure) {
    if (view.page !== before.page) {
      scrollTo({ top: 0 });
    }
    void listing.load(view);
  }
  showPanel(view);
}

/**
 * Whether the panel may be left by back or forward; if not, the address is put back.
 *
 * @param {View} before
 */
async function mayLeave(before) {
  if (!panel.isDirty) {
    return true;
  }
  const { view } = route;
  route.stay(before);
  if (await panel.mayClose()) {
    panel.close();
    route.go(view, { replace: true });
  }
  return false;
}

/** @param {View} view */
function showPanel(view) {
  const { client } = view;
  document.title = client === "new" ? "New client – Console" : "Clients – Console";
  if (client === panel.id) {
    return;
  }
  if (client === null) {
    panel.close();
    if (!table.focus(opened)) {
      find("#new", HTMLButtonElement).focus();
    }
  } else {
    opened = client === "new" ? table.focused : client;
    panel.open(
      client,
      shownClients().find(({ id }) => id === client),
    );
  }
}

async function closePanel() {
  if (await panel.mayClose()) {
    leavePanel();
  }
}

/** Closes the panel, whatever is in it. */
function leavePanel() {
  panel.close();
  table.focus(opened);
  route.leave({ client: null });
}

/** @param {string} id */
async function refreshAndFocus(id) {
  await listing.refresh();
  table.focus(id);
}

/** @param {Client} client */
async function deleteFromPanel(client) {
  if (await panel.mayClose()) {
    leavePanel();
    await deleteOne(client);
  }
}

/** @param {Client} client */
async function deleteOne(client) {
  selection.remove([client.id]);
  await deleteClient(client, context, listing, ({ id }) => table.focus(id));
}

/**
 * @param {Client} client
 * @param {{ values: import("./fields.js").Values, fields: import("./fields.js").Field[], etag: string }} before
 */
async function undoChange(client, { values, fields, etag }) {
  const isDone = await undoUpdate(api, client, etag, { values, fields }, context.toast);
  await refreshAndFocus(client.id);
  return isDone;
}

/** @param {import("./listing.js").State} state */
function onState(state) {
  if (!state.isLoading && !state.failure) {
    poller.answered();
  }
  selection.update(state.page?.clients ?? []);
  screen.show(state, selection.clients);
  bar.show(selection.clients, table.ids, context.total());
}

function showSelection() {
  table.showSelection(selection.clients);
  bar.show(selection.clients, table.ids, context.total());
}

function shownClients() {
  return listing.state.page?.clients ?? [];
}

/**
 * @param {string} id
 * @param {boolean} extend
 */
function toggle(id, extend) {
  const client = shownClients().find((other) => other.id === id);
  if (client) {
    selection.toggle(client, shownClients(), extend);
  }
}

async function selectAll() {
  const clients = await several.all();
  if (clients) {
    selection.add(clients);
    announce(`${selection.clients.size} selected`);
  }
}

/** @param {"active" | "inactive" | "delete"} what */
async function runOnSelection(what) {
  const clients = [...selection.clients.values()];
  if (what === "delete") {
    const gone = await several.delete(clients);
    selection.remove(gone ?? []);
  } else {
    await several.setStatus(clients, what);
  }
}

/**
 * @param {number} steps
 * @param {KeyboardEvent} event
 * @returns {boolean}
 */
function move(steps, event) {
  const { target } = event;
  if (target instanceof HTMLInputElement && target.type === "radio") {
    return false;
  }
  const from = table.focused;
  table.move(steps);
  if (event.shiftKey && table.focused !== null) {
    if (from !== null && !selection.clients.has(from)) {
      toggle(from, false);
    }
    toggle(table.focused, true);
  }
  return true;
}

function openFocused() {
  if (table.focused !== null) {
    route.go({ client: table.focused });
  }
}

function deleteFocused() {
  if (selection.clients.size > 0) {
    void runOnSelection("delete");
    return;
  }
  const client = shownClients().find(({ id }) => id === table.focused);
  if (client) {
    void deleteOne(client);
  }
}
