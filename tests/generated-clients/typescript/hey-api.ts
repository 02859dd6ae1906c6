// The story of ../README.md, told with the client of hey-api.
import assert from "node:assert/strict";
import {
  batchClients,
  createClient,
  deleteClient,
  getClient,
  listChanges,
  listClients,
  putClient,
  restoreClient,
  updateClient,
} from "./generated/hey-api";
import type { ClientCreate } from "./generated/hey-api";
import { client as api } from "./generated/hey-api/client.gen";

api.setConfig({ baseUrl: process.env.API_URL, auth: process.env.API_KEY });

async function create(body: ClientCreate) {
  const { data } = await createClient({ body, throwOnError: true });
  return data.data;
}

const ada = await create({ name: "Ada", phone: "+1 555-1234", notes: "First." });
const bob = await create({ name: "Bob", status: "inactive" });
assert.equal(ada.status, "active");
assert.equal(bob.phone, null);

const list = await listClients({
  query: { status: ["active", "inactive"], sortBy: "name", sortOrder: "desc", limit: 1 },
  throwOnError: true,
});
assert.equal(list.data.total, 2);
assert.deepEqual(list.data.data.map((client) => client.name), ["Bob"]);

const path = { id: ada.id };
const read = await getClient({ path, throwOnError: true });
assert.deepEqual(read.data.data, ada);

const changed = await updateClient({ path, body: { phone: null }, throwOnError: true });
assert.equal(changed.data.data.phone, null);
assert.equal(changed.data.data.notes, "First.");

for (const { id } of [ada, bob]) {
  const deleted = await deleteClient({ path: { id }, throwOnError: true });
  assert.equal(deleted.data.success, true);
}

const gone = await getClient({ path });
assert.equal(gone.response?.status, 404);
assert.equal(gone.error?.code, "not_found");

const restored = await restoreClient({ path, throwOnError: true });
assert.equal(restored.data.data.notes, "First.");

const chosen = "220745ee-989c-5da3-8344-4384e51643fe";
const put = await putClient({ path: { id: chosen }, body: { name: "Cyd" }, throwOnError: true });
assert.equal(put.response?.status, 201);

const batch = await batchClients({
  body: {
    operations: [
      { operation: "update", id: chosen, client: { phone: "+1 555-9876" } },
      { operation: "delete", id: bob.id },
      { operation: "delete", id: chosen },
      { operation: "delete", id: ada.id },
    ],
  },
  throwOnError: true,
});
assert.deepEqual(batch.data.results.map((result) => result.status), [200, 404, 200, 200]);
assert.equal(batch.data.results[0].client?.phone, "+1 555-9876");
assert.equal(batch.data.results[1].problem?.code, "not_found");

const changes = await listChanges({ throwOnError: true });
assert.equal(changes.data.hasMore, false);
assert(changes.data.changes.some(({ id, deletedAt }) => id === chosen && deletedAt));

const refused = await createClient({ body: { name: " " } });
assert.equal(refused.response?.status, 400);
assert.equal(refused.error?.errors?.[0].field, "name");
