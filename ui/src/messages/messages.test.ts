import { expect, test } from "vitest";
import { catalogues, speak } from "./index";
import { age, shortDay, shortTime, timeOrDay, wholeDay } from "../shared/format";

type Leaf = [path: string, text: string | ((...given: unknown[]) => string)];

/** Every text of a catalogue, with its place. */
function leaves(of: unknown, path = ""): Leaf[] {
  if (typeof of === "string") return [[path, of]];
  if (typeof of === "function") return [[path, (...given) => String(Reflect.apply(of, undefined, given))]];
  return Object.entries(of ?? {}).flatMap(([name, one]) => leaves(one, `${path}.${name}`));
}

const english = new Map(leaves(catalogues.en));
const hindi = new Map(leaves(catalogues.hi));

/** What is the same in every language: the product, units, doses as they are typed, formats, keys. */
const sameEverywhere = [
  /^\.common\.product$/,
  /^\.pad\.(bp|spo2|bmi|example|comeBackPlaceholder|units\..*)$/,
  /^\.shortKeys\.linesHint$/,
  // What is typed into the line, and sentences made of nothing but what they are given.
  /^\.dental\.(example|codes\.\d+\.0|toothName|toothRead|surfaceOf|stepOf|stepped|by)$/,
  /^\.medicines\.(strengthHint|doseHint)$/,
  /^\.review\.facts\.spo2$/,
  /^\.review\.decidedBy$/,
  /^\.sync\.filters\.save\./,
  /^\.sync\.refused\.(keys\.|place$)/,
  /^\.patient\.dayPlaceholder$/,
  /^\.files\.(size|picture|kindOf|kinds\.\d+\.0)$/,
];

/** A text of a catalogue; a sentence with these values where it takes some. */
const textOf = (leaf: Leaf[1] | undefined) => (typeof leaf === "function" ? leaf(3, 3, 3, 3) : (leaf ?? ""));

test("both languages have the same texts", () => {
  expect([...hindi.keys()].sort()).toEqual([...english.keys()].sort());
});

test("a sentence says in Hindi every value that it says in English", () => {
  const values = ["Zoya", "Kabir", "Lata", "Omar"];
  const said = (leaf: Leaf[1] | undefined) =>
    values.filter((value) => typeof leaf === "function" && leaf(...values).includes(value));
  const forgotten = [...english.keys()].filter(
    (path) => String(said(english.get(path))) !== String(said(hindi.get(path))),
  );
  expect(forgotten).toEqual([]);
});

test("every Hindi text is in Devanagari, with Latin digits", () => {
  const stray = [...hindi].filter(([path, leaf]) => {
    if (sameEverywhere.some((pattern) => pattern.test(path))) return false;
    const text = textOf(leaf);
    return !/[\u0900-\u097F]/.test(text) || /[०-९]/.test(text);
  });
  expect(stray.map(([path]) => path)).toEqual([]);
});

test("in Hindi the strength of a medicine has one name, which is not that of a dose", () => {
  const names = [".medicines.strength", ".review.facts.strength_text"].map((path) => hindi.get(path));
  expect(names).toEqual(["मात्रा", "मात्रा"]);
  expect(textOf(hindi.get(".medicines.dose"))).toContain("खुराक");
});

test.each([
  [".sync.sentences.waiting", "1 बदलाव इस कंप्यूटर पर सुरक्षित है", "2 बदलाव इस कंप्यूटर पर सुरक्षित हैं"],
  [".files.sentences.refused", "1 फ़ाइल सर्वर पर नहीं जा सकती:", "2 फ़ाइलें सर्वर पर नहीं जा सकतीं:"],
  [".pad.heldCount", "1 रोकी गई", "2 रोकी गईं"],
])("in Hindi one is told of as one, and two as two: %s", (path, one, two) => {
  const told = hindi.get(path);
  const said = (count: number) => (typeof told === "function" ? told(count) : "");
  expect(said(1)).toContain(one);
  expect(said(2)).toContain(two);
});

const ages = () => ["54 y", "1 y 11 mo", "12 d", ""].map(age);

test("an age is said in the units of the language", () => {
  expect(ages()).toEqual(["54 y", "1 y 11 mo", "12 d", ""]);
  speak("hi");
  expect(ages()).toEqual(["54 साल", "1 साल 11 माह", "12 दिन", ""]);
  speak("en");
});

const seen = () => [
  shortDay("2026-11-23"),
  wholeDay("2026-11-23"),
  shortTime("2026-11-23T09:05:00"),
  timeOrDay("2026-09-02T15:41:00"),
];

test("days and times are written as people of the language write them, with Latin digits", () => {
  expect(seen()).toEqual(["23 Nov 2026", "Monday 23 November", "09:05", "02 Sep 2026 15:41"]);
  speak("hi");
  expect(seen()).toEqual(["23 नव॰ 2026", "सोमवार 23 नवंबर", "09:05", "02 सित॰ 2026 15:41"]);
  expect(document.documentElement.lang).toBe("hi");
});
