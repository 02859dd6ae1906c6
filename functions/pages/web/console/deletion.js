// Deleting one client: it is gone from the page at once, and comes back if the deletion fails or is undone.

import { ApiError } from "./errors.js";
import { because } from "./faces.js";
import { persist } from "./retry.js";

/** @typedef {import("./api.js").Client} Client */

/** The attempts after which the client is shown again. */
const ATTEMPTS = 5;

/**
 * @param {Client} client
 * @param {import("./context.js").Context} context
 * @param {import("./listing.js").Listing} listing
 * @param {(client: Client) => void} onRestored told when it is shown again
 */
export async function deleteClient(client, { api, toast, refresh }, listing, onRestored) {
  listing.drop(new Set([client.id]));
  const restore = async () => {
    try {
      const restored = await persist(() => api.restore(client.id), { attempts: ATTEMPTS });
      toast({ text: `Restored ${client.name}.` });
      await refresh();
      onRestored(restored.client);
      return true;
    } catch (error) {
      const isGone = error instanceof ApiError && error.status === 404;
      const text = isGone ? "can no longer be restored." : `could not be restored. ${because(error)}`;
      toast({ kind: "error", text: `${client.name} ${text}` });
      await refresh();
      return isGone;
    }
  };
  try {
    await persist(() => api.delete(client.id), { attempts: ATTEMPTS });
    toast({ text: `Deleted ${client.name}.`, undo: restore });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      // Somebody else did, or an earlier attempt whose answer was lost.
      toast({ text: `${client.name} has been deleted.`, undo: restore });
    } else {
      toast({ kind: "error", text: `${client.name} was not deleted. ${because(error)}` });
    }
  }
  await refresh();
}
