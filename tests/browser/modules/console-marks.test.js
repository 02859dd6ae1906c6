// What a query has found is marked, by the contract's rules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bare, fold } from "../../../functions/pages/web/console/fold.js";
import { marker } from "../../../functions/pages/web/console/marks.js";

/**
 * @param {import("../../../functions/pages/web/console/marks.js").Part[]} parts
 */
const shown = (parts) => parts.map(({ text, isHit }) => (isHit ? `[${text}]` : text)).join("");

test("names are folded as the API folds them", () => {
  for (const [text, folded] of [
    ["José Straße", "jose strasse"],
    ["Đỗ Thị Łukasz", "do thi lukasz"],
    ["ﬁ ５ O’Neill `n", "fi 5 o'neill 'n"],
    ["Ёлкин, Андрей", "елкин, андрей"],
    ["A`B", "a'b"],
    ["Νίκος", "νικοσ"],
    ["Søren Æ Þ ð ı ħ İ", "soren ae th d i h i"],
    ["שָׁלוֹם", "שלום"],
    ["राम रीमा", "राम रीमा"],
    ["김이", "김이"],
    ["a\u200bb\u00adc", "abc"],
  ]) {
    assert.equal(fold(text).text, folded);
  }
});

test("phone numbers are bared as the API does it", () => {
  for (const [phone, form] of [
    ["+1 (555) 123-4567", "+15551234567"],
    ["٠١٢٣", "0123"],
    ["０９/8·7", "0987"],
    ["555–1234 ext", "5551234ext"],
    ["-", ""],
  ]) {
    assert.equal(bare(phone).text, form);
  }
});

test("words are marked in names", () => {
  for (const [query, name, marked] of [
    ["nunez, jose", "José Núñez", "[José] [Núñez]"],
    ["strasse", "Große Straße 5", "Große [Straße] 5"],
    ["a", "aAäb", "[aAä]b"],
    ["sm jo", "Smith-Jones", "[Sm]ith-[Jo]nes"],
    ["и", "йод и мед", "йод [и] мед"],
    ["fi", "oﬃce", "o[ﬃ]ce"],
    ["o'neill", "O’Neill", "[O’Neill]"],
    ["", "Ann", "Ann"],
    [" , ", "Ann, Bea", "Ann, Bea"],
    ["\u0301", "José", "José"],
    ["aa", "aaa", "[aaa]"],
    ["<img", "<img src=x>", "[<img] src=x>"],
  ]) {
    assert.equal(shown(marker(query).name(name)), marked, query);
  }
});

test("phone numbers are marked whatever the separators", () => {
  for (const [query, phone, marked] of [
    ["(555) 1234", "+1 555-1234", "+1 [555-1234]"],
    ["5551234", "+1 555-1234", "+1 [555-1234]"],
    ["+15551234", "+1 555-1234", "[+1 555-1234]"],
    ["0049 151", "+49 151 2345", "[+49 151] 2345"],
    ["+49151", "0049 151 2345", "[0049 151] 2345"],
    ["0049", "555-0049", "555-[0049]"],
    ["-", "555-1234", "555[-]1234"],
    ["٥٥٥", "555-1", "[555]-1"],
    ["ann 555", "555-1", "[555]-1"],
  ]) {
    assert.equal(shown(marker(query).phone(phone)), marked, query);
  }
});
