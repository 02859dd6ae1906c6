// The story of ../README.md, told with openapi-fetch over the types of openapi-typescript.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/openapi-typescript";

const api = createClient<paths>({
  baseUrl: process.env.BASE_URL,
  headers: { Authorization: `Bearer ${process.env.API_KEY}` },
});

async function create(body: components["schemas"]["ClientCreate"]) {
  const { data } = await api.POST("/clients", { body });
  assert(data);
  return data.data;
}

const ada = await create({ name: "Ada", phone: "+1 555-1234", notes: "First." });
const bob = await create({ name: "Bob", status: "inactive" });
assert.equal(ada.status, "active");
assert.equal(bob.phone, null);

const list = await api.GET("/clients", {
  params: { query: { status: ["active", "inactive"], sortBy: "name", sortOrder: "desc", limit: 1 } },
});
assert(list.data);
assert.equal(list.data.total, 2);
assert.deepEqual(list.data.data.map((client) => client.name), ["Bob"]);

const path = { id: ada.id };
const read = await api.GET("/clients/{id}", { params: { path } });
assert.deepEqual(read.data?.data, ada);

const changed = await api.PATCH("/clients/{id}", { params: { path }, body: { phone: null } });
assert(changed.data);
assert.equal(changed.data.data.phone, null);
assert.equal(changed.data.data.notes, "First.");

for (const { id } of [ada, bob]) {
  const deleted = await api.DELETE("/clients/{id}", { params: { path: { id } } });
  assert.equal(deleted.data?.success, true);
}

const gone = await api.GET("/clients/{id}", { params: { path } });
assert.equal(gone.response.status, 404);
assert.equal(gone.error?.code, "not_found");

const restored = await api.POST("/clients/{id}/restore", { params: { path } });
assert.equal(restored.data?.data.notes, "First.");

const chosen = "220745ee-989c-5da3-8344-4384e51643fe";
const put = await api.PUT("/clients/{id}", { params: { path: { id: chosen } }, body: { name: "Cyd" } });
assert.equal(put.response.status, 201);

const batch = await api.POST("/clients/batch", {
  body: {
    operations: [
      { operation: "update", id: chosen, client: { phone: "+1 555-9876" } },
      { operation: "delete", id: bob.id },
      { operation: "delete", id: chosen },
      { operation: "delete", id: ada.id },
    ],
  },
});
assert(batch.data);
assert.deepEqual(batch.data.results.map((result) => result.status), [200, 404, 200, 200]);
assert.equal(batch.data.results[0].client?.phone, "+1 555-9876");
assert.equal(batch.data.results[1].problem?.code, "not_found");

const changes = await api.GET("/clients/changes");
assert.equal(changes.data?.hasMore, false);
assert(changes.data.changes.some(({ id, deletedAt }) => id === chosen && deletedAt));

const refused = await api.POST("/clients", { body: { name: " " } });
assert.equal(refused.response.status, 400);
assert.equal(refused.error?.errors?.[0].field, "name");
