// The samples of the operator's tool: the console's import makes the same of them. It reads CSV alone, so other formats
// are refused.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { normalized, partOf } from "../../../functions/pages/web/console/transfer/headers.js";
import { Table, Unreadable } from "../../../functions/pages/web/console/transfer/table.js";

const folder = new URL("../../../admin/tests/commands/samples/", import.meta.url);

/** What the tool says in other words. @type {Record<string, string>} */
const SAYS = {
  "column 2": "Column 2",
  "--map name=COLUMN": "Choose one",
  "the columns are `Wer`, `Wann`, `Wo`": "The columns are: Wer, Wann, Wo",
};

/**
 * The parts of the columns with `--map FIELD=COLUMN`.
 *
 * @param {string[]} headers
 * @param {string[]} args
 */
function mapped(headers, args) {
  const mappings = args.filter((arg) => arg !== "--map").map((arg) => arg.split("="));
  const groups = [
    ["name", "bareName", "given", "family", "middle", "familyFirst", "suffix"],
    ["company"],
    ["status"],
    ["notes"],
  ];
  const phone = (/** @type {any} */ part) => typeof part === "object" || part === "noPhone";
  return headers.map((header) => {
    const own = mappings.find(([, column]) => column !== "" && normalized(column) === normalized(header));
    const part = /** @type {any} */ (partOf(header));
    const isReplaced = mappings.some(([field]) =>
      field === "phone" ? phone(part) : groups.some((group) => group.includes(field) && group.includes(part)),
    );
    const chosen = own?.[0] === "phone" ? { phone: "main" } : own?.[0];
    return /** @type {any} */ (chosen ?? (isReplaced ? null : part));
  });
}

/**
 * @param {Uint8Array} bytes
 * @param {string[]} args
 */
function read(bytes, args) {
  const found = new Table(bytes);
  const table = args.length > 0 ? new Table(bytes, { parts: mapped(found.columns.headers, args) }) : found;
  if (table.obstacle) {
    throw new Unreadable(table.obstacle);
  }
  const clients = [];
  const rejected = [];
  for (let entry = table.next(); entry; entry = table.next()) {
    if (entry.client) {
      clients.push(entry.client);
    } else {
      rejected.push({ line: entry.line, reason: entry.error });
    }
  }
  return { clients, rejected, table };
}

const names = readdirSync(folder).filter((name) => /\.(csv|tsv)$/.test(name));
test("there are samples", () => assert.ok(names.length > 25));
for (const name of names) {
  const expected = JSON.parse(readFileSync(new URL(`${name}.expected.json`, folder), "utf8"));
  test(`${name}: ${expected.about}`, () => {
    const bytes = readFileSync(new URL(name, folder));
    if (expected.status === 1) {
      try {
        const { clients, rejected } = read(bytes, expected.arguments);
        assert.deepEqual([clients, rejected], [[], []]);
      } catch (error) {
        assert.ok(error instanceof Unreadable, String(error));
        for (const part of expected.says) {
          assert.ok(
            error.message.toLowerCase().includes((SAYS[part] ?? part).toLowerCase()),
            `${part}: ${error.message}`,
          );
        }
      }
      return;
    }
    const { clients, rejected, table } = read(bytes, expected.arguments);
    /** @param {any[]} all */
    const sorted = (all) => all.map((one) => JSON.stringify(one, ["name", "phone", "status", "notes"])).toSorted();
    assert.deepEqual(sorted(clients), sorted(expected.clients));
    assert.deepEqual(
      rejected.map(({ line }) => line),
      expected.rejected.map((/** @type {any} */ { line }) => line),
    );
    for (const [at, { reason }] of expected.rejected.entries()) {
      assert.ok(rejected[at].reason.includes(reason), `${reason}: ${rejected[at].reason}`);
    }
    for (const part of expected.says) {
      const encoding = /^Read as (.*)$/.exec(part);
      const line = /^The header is on line (\d+)$/.exec(part);
      const empty = /^Empty rows: (\d+)$/.exec(part);
      if (encoding) assert.equal(table.encoding, encoding[1].toLowerCase());
      if (line) assert.equal(table.headerLine, Number(line[1]));
      if (empty) assert.equal(table.empty, Number(empty[1]));
    }
  });
}
