import { expect, test } from "vitest";

const sources = import.meta.glob<string>(["../**/*.ts", "../**/*.tsx"], {
  query: "?raw",
  import: "default",
  eager: true,
});

test("only src/ipc knows the program around the window", () => {
  const others = Object.entries(sources).filter(
    ([path, text]) => !path.startsWith("../ipc/") && /from "@tauri-apps/.test(text),
  );
  expect(others.map(([path]) => path)).toEqual([]);
});

test("nothing in the window makes markup out of text", () => {
  const unsafe = Object.entries(sources).filter(
    ([path, text]) =>
      !path.endsWith(".test.ts") && /dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML/.test(text),
  );
  expect(unsafe.map(([path]) => path)).toEqual([]);
});

test("every text of the window stands in the messages", () => {
  const literal = [
    // Between tags, apart from the names of keys.
    /(?<!<Kbd)>\s*[A-Za-z][\w ,.'’-]*\s*<\/(?!Kbd)/,
    /\b(?:aria-label|alt|label|placeholder|title|description)="[^"]*[A-Za-z]/,
  ];
  const found = Object.entries(sources).flatMap(([path, text]) =>
    path.endsWith(".tsx") && !path.endsWith(".test.tsx")
      ? literal.flatMap((pattern) => pattern.exec(text)?.[0] ?? []).map((words) => `${path}: ${words}`)
      : [],
  );
  expect(found).toEqual([]);
});
