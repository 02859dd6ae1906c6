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

const refused = await api.POST("/clients", { body: { name: " " } });
assert.equal(refused.response.status, 400);
assert.equal(refused.error?.errors?.[0].field, "name");
