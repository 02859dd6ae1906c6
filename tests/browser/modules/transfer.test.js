// The modules of import and export. The cases in `admin/tests/cases` are those of the operator's tool.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { decode, encodingOf } from "../../../functions/pages/web/console/transfer/encoding.js";
import { exportTable } from "../../../functions/pages/web/console/transfer/exporter.js";
import { defused, undone } from "../../../functions/pages/web/console/transfer/formula.js";
import { guess } from "../../../functions/pages/web/console/transfer/delimiter.js";
import { partOf, phoneKind } from "../../../functions/pages/web/console/transfer/headers.js";
import { Identities, uuidOf } from "../../../functions/pages/web/console/transfer/identity.js";
import { importTable } from "../../../functions/pages/web/console/transfer/importer.js";
import { Lines } from "../../../functions/pages/web/console/transfer/lines.js";
import { mended } from "../../../functions/pages/web/console/transfer/phone.js";
import { fileOf } from "../../../functions/pages/web/console/transfer/rejects.js";
import { Rows } from "../../../functions/pages/web/console/transfer/rows.js";
import { Table, Unreadable } from "../../../functions/pages/web/console/transfer/table.js";
import { nameError, notesError, phoneError, trimmed } from "../../../functions/pages/web/console/transfer/text.js";
import { client } from "./sample.js";

/** @param {string} name */
const cases = (name) =>
  JSON.parse(readFileSync(new URL(`../../../admin/tests/cases/${name}`, import.meta.url), "utf8"));
/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text);
/** @param {any} error */
const isUnreadable = (error) => error instanceof Unreadable;

/** @param {Uint8Array | string} file */
function read(file, options = {}) {
  const table = new Table(typeof file === "string" ? bytes(file) : file, options);
  const entries = [];
  for (let entry = table.next(); entry; entry = table.next()) {
    entries.push(entry);
  }
  return entries;
}

test("formulas are defused and come back", () => {
  for (const [text, cell] of cases("formulas.json")) {
    assert.deepEqual([defused(text), undone(cell)], [cell, text]);
  }
  assert.equal(defused(null), "");
  assert.equal(undone(""), null);
  const letters = ["'", "'", "=", "+", "-", "@", " ", "\t", "a", '"', "＝", "\n"];
  for (let number = 0; number < 12 ** 4; number += 1) {
    const text = [0, 1, 2, 3].map((at) => letters[Math.floor(number / 12 ** at) % 12]).join("");
    assert.equal(undone(defused(text)), text);
    assert.ok(!/^[=+\-@＝]/.test(defused(text).trimStart()), text);
  }
});

test("damaged phone numbers are mended where every digit is there", () => {
  const { mended: good, shortened, formulas } = cases("phones.json");
  for (const [field, phone] of good) {
    assert.deepEqual(mended(field), { phone }, field);
  }
  for (const field of [...shortened, ...formulas]) {
    assert.ok("error" in mended(field), field);
  }
});

test("one bad quotation mark costs no other row", () => {
  for (const { about, text, rows: expected } of cases("quotation-marks.json")) {
    const rows = new Rows(new Lines(text), ",");
    const header = rows.next()?.fields ?? [];
    rows.expect(header.map((name) => name !== "notes"));
    const found = [];
    for (let row = rows.next(); row; row = rows.next()) {
      found.push([row.line, row.fields?.[0] ?? null]);
    }
    assert.deepEqual(found, expected, `${about} ${text}`);
  }
});

test("the header tells the delimiter, and notes do not", () => {
  for (const [sample, delimiter] of [
    ["name,phone\nAnn;Bob;Carl,1\n", ","],
    ["Name;Phone;Notes\nAnn;1;tea, coffee, milk, sugar, bread\n", ";"],
    ["Name\tNotes\nAnn\ta, b, c; d; e\n", "\t"],
    ["name|phone|notes\nAnn|1|a,b,c\n", "|"],
    ['"Name, full";"Phone"\n"Lee, Ann";1\n', ";"],
    ["foo;bar\n1;2\n", ";"],
    ["foo;bar, baz\n1;2\n3;4\n", ";"],
    ["name\nDoe, John\n", "\x1f"],
  ]) {
    assert.equal(guess(sample), delimiter, sample);
  }
});

test("headers and labels are recognized", () => {
  for (const header of ["Phone Number", "phone_number", "phoneNumber", " Phone  number:", "＊Phone Number"]) {
    assert.deepEqual(partOf(header), { phone: "main" }, header);
  }
  assert.equal(partOf("Prenom"), partOf("Prénom".normalize("NFD")));
  assert.deepEqual(partOf("Home Phone 2"), { phone: "home" });
  assert.deepEqual(partOf("Phone 12 - Value"), { phoneValue: 12 });
  for (const header of ["", "Email", "Lead Status", "Name 2", "State", "constructor", "__proto__"]) {
    assert.equal(partOf(header), null, header);
  }
  assert.deepEqual(["* Mobile", "Work Fax", "", "Holiday house"].map(phoneKind), ["mobile", null, "main", "other"]);
});

test("the header may stand below a title, and the phone is the first that is filled", () => {
  const table = new Table(bytes("Report\nCompany\nName,Fax,Work phone,Mobile\nAnn,1,2,3\nBob,1,2,\nEve,1,,-\n"));
  assert.equal(table.headerLine, 3);
  assert.deepEqual(
    [table.next(), table.next(), table.next()].map((entry) => entry?.client?.phone),
    ["3", "2", "-"],
  );
});

test("the encoding is recognized by the whole file", () => {
  /** @param {string} text @param {Record<string, number>} letters */
  const encoded = (text, letters) => Uint8Array.from(text, (letter) => letters[letter] ?? letter.charCodeAt(0));
  const start = "name;phone\n".repeat(40_000);
  assert.equal(encodingOf(bytes(`${start}José`)), "utf-8");
  assert.equal(encodingOf(encoded(`${start}Müller;Größe;José`, {})), "windows-1252");
  const polish = { Ż: 0xaf, ó: 0xf3, ł: 0xb3, ę: 0xea, ś: 0x9c, ń: 0xf1, ą: 0xb9 };
  assert.equal(encodingOf(encoded("Imię;Telefon\nŻółkiewski;1\nWałęsa;2\nPiątek;3\n", polish)), "windows-1250");
  assert.equal(encodingOf(bytes("name\nJos\ufffd\n")), "utf-8");
  // A damaged byte does not make another encoding of UTF-8.
  assert.equal(encodingOf(new Uint8Array([...bytes("José\nZoë\n"), 0xe9])), "utf-8");
  for (const mark of ["", "\ufeff"]) {
    const utf16 = new Uint8Array(
      Uint16Array.from(`${mark}name,phone\r\nJosé Łęcki,1\r\n`, (it) => it.charCodeAt(0)).buffer,
    );
    assert.equal(encodingOf(utf16), "utf-16le");
    assert.equal(decode(utf16, "utf-16le").slice(0, 4), "name");
    assert.deepEqual(read(utf16)[0].client?.name, "José Łęcki");
  }
});

test("other files are refused by name", () => {
  const long = (/** @type {string} */ start) =>
    Uint8Array.from(start + "\0\x01\x02\x03".repeat(200), (it) => it.charCodeAt(0));
  for (const [file, name] of /** @type {[Uint8Array, string][]} */ ([
    [bytes(""), "empty"],
    [bytes("\ufeff\n \r\n"), "empty"],
    [long("PK\x03\x04\x14\0\x06\0[Content_Types].xml"), "a workbook"],
    [long("PK\x03\x04\x14\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "a workbook"],
    [long("PK\x03\x04\x14\0\0\0clients.csv"), "an archive"],
    [long("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a workbook"],
    [bytes('<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'), "a workbook"],
    [long("%PDF-1.7\n"), "a PDF"],
    [bytes("\n<!DOCTYPE html><html>"), "a web page"],
    [bytes('<?xml version="1.0"?><clients/>'), "XML"],
    [long("\x1f\x8b\x08\0"), "an archive"],
    [long("\x89PNG\r\n\x1a\n"), "an image"],
    [long("\x01"), "not text"],
    [bytes('[{"name":"Ann"}]'), "JSON array"],
    [bytes('{"name":"Ann"}\n'), "NDJSON"],
    [bytes("BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD\r\n"), "vCard"],
  ])) {
    assert.throws(
      () => read(file),
      (error) => isUnreadable(error) && String(error).includes(name),
      name,
    );
  }
  for (const table of [
    "BMI,name\n1,Ann\n",
    "MZ;ID3;name\n1;2;Ann\n",
    "[name],[phone]\nAnn,1\n",
    "{name},{phone}\nAnn,1\n",
  ]) {
    assert.equal(read(table)[0].client?.name, "Ann", table);
  }
});

test("texts are trimmed of spaces and of what cannot be seen, in no more than linear time", () => {
  for (const [text, rest] of [
    ["", ""],
    [" \u00a0\u200b", ""],
    ["\u202a+1 555\u202c ", "+1 555"],
    ["\u{e0061}a b\u{e007f}", "a b"],
    ["😀 ", "😀"],
    [`a${" ".repeat(500_000)}b `, `a${" ".repeat(500_000)}b`],
  ]) {
    assert.equal(trimmed(text), rest);
  }
});

test("texts have the rules of the API", () => {
  for (const name of ["", " ", "\u2003\u00a0", "a\0", "a\nb", "a\x7f", "\u200b", "\u2800", "\u3164", "é".repeat(201)]) {
    assert.notEqual(nameError(name), null, JSON.stringify(name));
  }
  assert.equal(nameError("😀".repeat(200)), null);
  assert.equal(phoneError("5".repeat(50)), null);
  assert.notEqual(phoneError("5".repeat(51)), null);
  assert.equal(notesError("one\r\ntwo\tthree"), null);
  assert.notEqual(notesError("a\x1b"), null);
});

test("records keep their identifiers, and those that are alike are told apart", async () => {
  assert.match(await uuidOf("Ann"), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const ids = async (/** @type {string} */ table) => {
    const identities = new Identities();
    const ids = [];
    for (const entry of read(table)) {
      if (entry.client) ids.push(await identities.next(entry));
    }
    return ids;
  };
  const [ann, again, bob] = await ids("name,phone\nAnn,1\nAnn,1\nBob,2\n");
  assert.equal(new Set([ann, again, bob]).size, 3);
  assert.deepEqual(await ids("name,phone\nBob,2\nAnn,1\nAnn,1\n"), [bob, ann, again]);
  const [seven] = await ids("id,name\n7,Ann\n");
  assert.deepEqual(await ids("id,name\n7,Ann Lee\n"), [seven]);
  assert.notEqual((await ids("id,name\n8,Ann\n"))[0], seven);
});

/** Clients as the API keeps them. */
class FakeApi {
  batchSize = 100;
  /** @type {Map<string, any>} */
  clients = new Map();
  batches = 0;

  /** @param {any[]} operations */
  async batch(operations) {
    this.batches += 1;
    return operations.map(({ id, client, ifNoneMatch }) => {
      if (this.clients.has(id) && ifNoneMatch === "*") {
        return { status: 412, problem: { code: "precondition_failed", detail: "it is there" } };
      }
      if (client.name === "refused") {
        return { status: 400, problem: { errors: [{ field: "name", message: "must be another" }] } };
      }
      const status = this.clients.has(id) ? 200 : 201;
      this.clients.set(id, {
        ...client,
        id,
        createdAt: "2026-01-31T00:00:00.000Z",
        updatedAt: "2026-01-31T00:00:00.000Z",
      });
      return { status, client: this.clients.get(id) };
    });
  }

  /** @param {{ limit: number, offset: number }} page */
  async list({ limit, offset }) {
    const all = [...this.clients.values()];
    return { clients: all.slice(offset, offset + limit), total: all.length, etag: null };
  }
}

/** @param {FakeApi} api @param {string} file */
function imported(api, file, { overwrite = false, stopAfter = Infinity } = {}) {
  const stop = new AbortController();
  return importTable(/** @type {any} */ (api), new Table(bytes(file)), {
    overwrite,
    signal: stop.signal,
    onProgress: ({ done }) => done >= stopAfter && stop.abort(),
    onWait: () => {},
  });
}

/** @param {FakeApi} api */
async function exported(api) {
  let file = "";
  const result = await exportTable(
    /** @type {any} */ (api),
    {},
    {
      signal: new AbortController().signal,
      write: async (text) => void (file += text),
      onProgress: () => {},
      onWait: () => {},
    },
  );
  return { file, ...result };
}

test("an import that was stopped continues when the file is imported again", async () => {
  const api = new FakeApi();
  const file = `name,phone\n${Array.from({ length: 450 }, (_, at) => `client ${at >> 1},1`).join("\n")}\n`;
  const first = await imported(api, file, { stopAfter: 200 });
  assert.deepEqual([first.done, first.created, api.batches], [200, 200, 2]);
  const second = await imported(api, file);
  assert.deepEqual([second.created, second.there, api.clients.size], [250, 200, 450]);
  const third = await imported(api, file, { overwrite: true });
  assert.deepEqual([third.created, third.replaced, api.clients.size], [0, 450, 450]);
});

test("what the API refuses is reported with its line, and the rest is imported", async () => {
  const api = new FakeApi();
  const { created, rejects } = await imported(api, "name,phone\nAnn,1\nrefused,2\n,3\nBob,4\n");
  assert.equal(created, 2);
  assert.deepEqual(rejects.map(({ line }) => line).toSorted(), [3, 4]);
  const file = fileOf(["name", "phone"], rejects);
  assert.ok(file.startsWith('\ufeff"line","reason","record","name","phone"\r\n'), file);
  assert.ok(file.includes('"3","`name` must be another","","refused","2"'), file);
  // The file can be corrected and imported: both additions are ignored.
  assert.deepEqual(
    read(file.replace("refused", "Carl").replace('"","3"', '"Dan","3"')).map((entry) => [
      entry.client?.name,
      entry.client?.phone,
    ]),
    rejects.map(({ line }) => (line === 3 ? ["Carl", "2"] : ["Dan", "3"])),
  );
});

test("a row whose fields cannot be told makes no client if it comes back uncorrected", () => {
  const headers = ["Name", "Phone", "Notes"];
  const table = `${headers.join(",")}\nAnn,1,x\n"Bob,2,y\n,3,z\nEve,4,z,too,many\n`;
  /** @param {string} file */
  const rejects = (file) => /** @type {any[]} */ (read(file).filter((entry) => entry.error));
  const file = fileOf(headers, rejects(table));
  assert.ok(
    file.includes('"3","a quotation mark opens a field and is not closed properly","\"\"Bob,2,y","","",""\r\n'),
  );
  assert.deepEqual([read(file).length, rejects(file).length], [3, 3]);
});

test("a line break in a name is a space, and no record is lost", () => {
  assert.deepEqual(
    read('Name,Phone,Notes\n"Ann\nLee",123456,x\nBob,2,y').map(({ client }) => client?.name),
    ["Ann Lee", "Bob"],
  );
});

test("rows of Excel for Mac end in a carriage return, and lines of a cell in a line feed", () => {
  assert.deepEqual(
    read('name,notes\rAnn,"one\ntwo"\rBob,x\r').map(({ client }) => [client?.name, client?.notes]),
    [
      ["Ann", "one\ntwo"],
      ["Bob", "x"],
    ],
  );
  assert.equal(new Lines('"a\nb",c\rd\n').next()?.text, '"a\n');
  assert.equal(new Lines("a\rb\nc").next()?.text, "a\rb\n");
});

test("the first row is a client if the file has no header", () => {
  const file = "Ann,1\nBob,2\n";
  const table = new Table(bytes(file), { isHeaderless: true });
  assert.deepEqual(table.columns.headers, ["Column 1", "Column 2"]);
  assert.notEqual(table.obstacle, null);
  assert.deepEqual(
    read(file, { isHeaderless: true, parts: ["name", { phone: "main" }] }).map(({ line, client }) => [
      line,
      client?.name,
      client?.phone,
    ]),
    [
      [1, "Ann", "1"],
      [2, "Bob", "2"],
    ],
  );
});

test("columns that several clients can share are no identifiers", () => {
  for (const header of ["Account ID", "Reference"]) {
    assert.equal(partOf(header), null, header);
  }
});

test("what the API had no time for is told from what it refused", async () => {
  const api = new FakeApi();
  /** @type {any} */ (api).batch = async (/** @type {any[]} */ operations) =>
    operations.map(({ client }) => ({ status: client.name === "Ann" ? 500 : 400, problem: { detail: "no" } }));
  const { rejects } = await imported(api, "name\nAnn\nBob\n");
  assert.deepEqual(
    rejects.map(({ isDelayed }) => isDelayed),
    [true, false],
  );
});

test("an export comes back unchanged", async () => {
  const api = new FakeApi();
  const texts = [
    "'=1+1",
    "=1+1",
    "'t Hart",
    "N/A",
    "+1 555-1234",
    "-",
    "@x",
    "''",
    "'",
    " Ann ",
    'a;b,"c"',
    "\ufeffx",
    "4.47E+11",
  ];
  for (const [at, text] of texts.entries()) {
    const id = `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
    api.clients.set(id, {
      id,
      name: text,
      phone: text,
      status: at % 2 ? "active" : "inactive",
      notes: `${text}\r\n\n=x${"\n".repeat(4900)}`,
      createdAt: "2026-01-31T00:00:00.000Z",
      updatedAt: "2026-01-31T00:00:00.000Z",
    });
  }
  const id = "00000000-0000-4000-8000-00000000000f";
  api.clients.set(id, {
    id,
    name: "Ann",
    phone: null,
    status: "active",
    notes: "",
    createdAt: "2026-01-31T00:00:00.000Z",
    updatedAt: "2026-01-31T00:00:00.000Z",
  });
  const { file, written, hasChanged } = await exported(api);
  assert.deepEqual([written, hasChanged], [texts.length + 1, false]);
  for (const cell of file.matchAll(/"((?:[^"]|"")*)"/g)) {
    assert.ok(!/^[=+\-@]/.test(cell[1].trimStart()), cell[1]);
  }
  const other = new FakeApi();
  const { created } = await imported(other, file);
  assert.equal(created, texts.length + 1);
  assert.deepEqual([...other.clients], [...api.clients]);
});

test("an edited export has new clients and keeps the others", async () => {
  const table = '"id","name","phone","status","notes","createdAt","updatedAt"\r\n';
  const row =
    '"00000000-0000-4000-8000-000000000001","Ann","","active","","2026-01-31T00:00:00.000Z","2026-01-31T00:00:00.000Z"\r\n';
  const entries = read(`${table}${row}"","'=New","'+1","inactive","","",""\r\n"x","Bob","","active","","",""\r\n`);
  assert.deepEqual(
    entries.map((entry) => entry.client?.name),
    ["Ann", "=New", undefined],
  );
  assert.match(entries[2].error ?? "", /`id`/);
  const copies = read(table + row + row.replace("Ann", "Bob"));
  assert.match(copies[1].error ?? "", /^it has the identifier of line 2: /);
});

test("an export reads every page once, and tells if clients were changed meanwhile", async () => {
  const api = new FakeApi();
  for (let at = 0; at < 1234; at += 1) {
    api.clients.set(String(at), client(at));
  }
  const { file, written, hasChanged } = await exported(api);
  assert.deepEqual([written, hasChanged, file.trimEnd().split("\r\n").length], [1234, false, 1235]);
  const list = api.list.bind(api);
  api.list = async (page) => {
    // A client that comes first moves all others, so that the last one of a page is on the next one too.
    if (page.offset === 495) {
      api.clients = new Map([["new", { ...api.clients.get("0"), id: "new" }], ...api.clients]);
    }
    return list(page);
  };
  const changed = await exported(api);
  assert.equal(changed.hasChanged, true);
  const ids = changed.file.match(/^"[^"]*"/gm) ?? [];
  assert.equal(new Set(ids).size, ids.length);
});
