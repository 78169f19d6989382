import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const sheets = Object.fromEntries(
  readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".css"))
    .map((path): [string, string] => [path, readFileSync(`src/${path}`, "utf8")]),
);

/** Every declaration of one property outside of the conditions for narrow windows, with the sheet that it is in. */
function declared(property: string): [sheet: string, value: string][] {
  return Object.entries(sheets).flatMap(([sheet, text]) =>
    [...text.matchAll(new RegExp(`(?<![\\w-])${property}:([^;]+);`, "g"))].map(
      ([, value = ""]): [string, string] => [sheet, value.trim()],
    ),
  );
}

test("whoever asked for less motion sees none", () => {
  const base = sheets["styles/base.css"] ?? "";
  const rule = base.slice(base.indexOf("@media (prefers-reduced-motion: reduce)"));
  expect(rule).toContain("animation: none !important");
  expect(rule).toContain("transition: none !important");
  const stubborn = [...declared("animation"), ...declared("transition")].filter(
    ([sheet, value]) => sheet !== "styles/base.css" && value.includes("!important"),
  );
  expect(stubborn).toEqual([]);
});

test("enlarged to 200 %, nothing insists on more room than a window of 1280 then has", () => {
  const wide = [...declared("min-width"), ...declared("flex-basis")].filter(
    ([, value]) => Number.parseFloat(value) > 480 && value.endsWith("px"),
  );
  expect(wide).toEqual([]);
});

test("no part of the library is used whose styles are not brought along", () => {
  const styled = [
    "Button",
    "Loader",
    "MantineProvider",
    "NativeSelect",
    "PasswordInput",
    "TextInput",
    "Textarea",
  ];
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".tsx"),
  );
  const used = sources.flatMap((path) =>
    [...readFileSync(`src/${path}`, "utf8").matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)].flatMap(
      ([, names = ""]) => names.split(",").map((name) => name.trim()),
    ),
  );
  expect(used.filter((name) => name !== "" && !name.startsWith("type ") && !styled.includes(name))).toEqual(
    [],
  );
});

test("the sign of the focus is nowhere taken away without another in its place", () => {
  const bare = Object.entries(sheets).flatMap(([sheet, text]) =>
    [...text.matchAll(/([^{}]+)\{[^{}]*outline:\s*(?:0|none)[^{}]*\}/g)].map(
      ([, selector = ""]): [string, string] => [sheet, selector.trim()],
    ),
  );
  const marked = bare.filter(([sheet]) => {
    const text = sheets[sheet] ?? "";
    return (
      /:focus-within|:focus-visible|:has\(:focus/.test(text) || /box-shadow|border-(bottom-)?color/.test(text)
    );
  });
  expect(bare.filter((one) => !marked.includes(one))).toEqual([]);
});
