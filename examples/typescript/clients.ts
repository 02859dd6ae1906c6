// The API from end to end, with openapi-fetch over the types that openapi-typescript generates from the contract.
import { randomUUID } from "node:crypto";
import createApi from "openapi-fetch";
import { v5 as uuidFrom } from "uuid";
import type { components, paths } from "./generated/api";
import { fetchWithRetries } from "./retry";

type ClientRecord = components["schemas"]["ClientRecord"];
type Change = components["schemas"]["Change"];
type Problem = components["schemas"]["Problem"];

const baseUrl = process.env.API_URL ?? "http://127.0.0.1:3000/api/v1";
const withKey = (key?: string) =>
  createApi<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` }, fetch: fetchWithRetries });
const api = withKey(process.env.API_KEY);

/** What a successful request got. */
function ok<T extends { data?: unknown; error?: Problem; response: Response }>(answer: T) {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${answer.error?.detail}`);
  return answer.data as NonNullable<T["data"]>;
}

/** A problem, by its stable code and everything that is wrong with the input. */
function describe(problem?: Problem) {
  const errors = problem?.errors?.map(({ field, message }) => `${field} ${message}`).join(", ");
  return `${problem?.status} ${problem?.code}${errors ? `: ${errors}` : ""}`;
}

const names = (clients: Pick<ClientRecord, "name">[]) => clients.map(({ name }) => name).join(", ");

// Create. One key for one client to be made: the request can be sent again without making a second one.
const create = () =>
  api.POST("/clients", { params: { header: { "Idempotency-Key": creation } }, body: newClient });
const creation = randomUUID();
const newClient = { name: "John Doe (example)", phone: "+1 555-1234" };
const john = ok(await create()).data;
console.log(`Created: ${john.name}, ${john.phone}, ${john.status}`);
const again = ok(await create()).data;
console.log(`The same request again: ${again.id === john.id ? "the same client" : "another client"}`);

// Batch. Each operation has a result of its own, so some can fail while others succeed.
const { results } = ok(
  await api.POST("/clients/batch", {
    params: { header: { "Idempotency-Key": randomUUID() } },
    body: {
      operations: [
        { operation: "create", client: { name: "Jane Doe (example)", phone: "+1 555-5678" } },
        { operation: "create", client: { name: "Zoë Doe (example)" } },
        { operation: "create", client: { name: " ", phone: "5".repeat(51) } },
      ],
    },
  }),
);
const created = results.flatMap(({ client }) => client ?? []);
console.log(`Created in a batch: ${names(created)}`);
for (const { problem } of results) if (problem) console.log(`Refused in the batch: ${describe(problem)}`);
const ours = new Set([john, ...created].map(({ id }) => id));

// List: all pages of a search, in order.
const listed: ClientRecord[] = [];
let total: number;
do {
  const query = { query: "doe example", status: ["active" as const], sortBy: "name" as const, limit: 2 };
  const page = ok(await api.GET("/clients", { params: { query: { ...query, offset: listed.length } } }));
  listed.push(...page.data);
  total = page.data.length ? page.total : listed.length;
} while (listed.length < total);
console.log(`All pages, by name: ${names(listed)}; ${total} in total`);
const found = ok(await api.GET("/clients", { params: { query: { query: "example, zoe" } } }));
console.log(`Found by "example, zoe": ${names(found.data)}`);

// Get, and update only what nobody has changed since.
const path = { id: john.id };
const read = await api.GET("/clients/{id}", { params: { path } });
const tag = read.response.headers.get("ETag")!;
const update = (ifMatch: string, body: components["schemas"]["ClientUpdate"]) =>
  api.PATCH("/clients/{id}", { params: { path, header: { "If-Match": ifMatch } }, body });
const updated = await update(tag, { status: "inactive", notes: "No longer active" });
const { status, notes } = ok(updated).data;
console.log(`Updated ${tag} to ${updated.response.headers.get("ETag")}: ${status}, ${notes}`);
const late = await update(tag, { notes: null });
console.log(`Updated ${tag} once more: ${describe(late.error)}`);
if (late.response.status === 412) {
  // Somebody else was first. Read what is there now, and decide again.
  const now = (await api.GET("/clients/{id}", { params: { path } })).response.headers.get("ETag")!;
  const merged = await update(now, { notes: null });
  console.log(`Updated ${now} to ${merged.response.headers.get("ETag")}: notes are ${ok(merged).data.notes}`);
}

// Delete and restore.
ok(await api.DELETE("/clients/{id}", { params: { path } }));
const gone = await api.GET("/clients/{id}", { params: { path } });
console.log(`Deleted, and read again: ${describe(gone.error)}`);
const restored = ok(await api.POST("/clients/{id}/restore", { params: { path } }));
console.log(`Restored: ${restored.data.name}`);

// Put: create or replace, under an identifier that is made of another system's. The namespace is yours: choose it once.
const own = { id: uuidFrom("crm-1842", "a3b8f3a2-5a0e-4d8e-9a6c-6d0f2b7c1e55") };
async function put() {
  const answer = await api.PUT("/clients/{id}", { params: { path: own }, body: { name: "Ada Doe (example)" } });
  return ok(answer) && answer.response.status === 201 ? "created" : "replaced";
}
console.log(`Put twice as crm-1842: ${await put()}, then ${await put()}`);
ok(await api.DELETE("/clients/{id}", { params: { path: own, query: { permanently: true } } }));

// Changes: the whole organization, then what has changed since. A change may come twice, so the version decides.
const seen = new Map<string, Change>();
let cursor: string | undefined;
async function catchUp() {
  for (let hasMore = true; hasMore; ) {
    const page = ok(await api.GET("/clients/changes", { params: { query: { cursor } } }));
    for (const change of page.changes) {
      if (ours.has(change.id) && change.version > (seen.get(change.id)?.version ?? 0)) seen.set(change.id, change);
    }
    ({ nextCursor: cursor, hasMore } = page);
  }
}
await catchUp();
const versions = [...seen.values()].map(({ name, version }) => `${name} ${version}`).sort();
console.log(`All changes so far, by version: ${versions.join(", ")}`);
for (const id of ours) {
  ok(await api.DELETE("/clients/{id}", { params: { path: { id }, query: { permanently: true } } }));
}
await catchUp();
const deletions = [...seen.values()].filter(({ deletedAt }) => deletedAt).length;
console.log(`Deleted all for good, and changes since then: ${deletions} deletions`);

// Errors. Match on `code`; the texts are for people.
const refused = await api.GET("/clients", { params: { query: { limit: 1000 } } });
console.log(`A limit of 1000: ${describe(refused.error)}`);
const stranger = await withKey(`ba_${"0".repeat(40)}`).GET("/clients");
console.log(`A wrong key: ${describe(stranger.error)}`);
