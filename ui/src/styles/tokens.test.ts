import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const tokens = readFileSync("src/styles/tokens.css", "utf8");
const [lightText = "", darkText = ""] = tokens.split("@media (prefers-color-scheme: dark)");
const colours = (text: string) =>
  Object.fromEntries([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]));

/** The formula of WCAG 2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const onText = (names: string[], grounds: string[]) =>
  names.flatMap((name) => grounds.map((ground): [string, string, number] => [name, ground, 4.5]));

const pairs: [string, string, number][] = [
  ...onText(["text", "text2", "text3"], ["bg", "surface", "sunken", "pri-tint"]),
  ...onText(["on-solid"], ["pri", "pri-hover", "red"]),
  ...onText(["pri-text"], ["surface", "sunken", "bg"]),
  ...["pri", "red", "amb", "vio", "grn", "blu"].map((name): [string, string, number] => [
    `${name}-text`,
    `${name}-tint`,
    4.5,
  ]),
  ["ctl", "surface", 3],
  ["ctl", "sunken", 3],
  ["focus", "surface", 3],
  ["focus", "bg", 3],
];

test.each([
  ["light", colours(lightText)],
  ["dark", colours(darkText)],
])("every %s colour can be read on its ground", (_, theme) => {
  const tooFaint = pairs.filter(
    ([name, ground, least]) => contrast(theme[name] ?? "", theme[ground] ?? "") >= least === false,
  );
  expect(tooFaint).toEqual([]);
});
