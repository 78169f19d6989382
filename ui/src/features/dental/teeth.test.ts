import { expect, test } from "vitest";
import { bareOf, isBare, markedIn, neighbour, rowsOf, toggled, WIDTH } from "./teeth";

const numbers = (which: Parameters<typeof rowsOf>[0]) =>
  rowsOf(which).map((row) => row.map(({ tooth }) => tooth));

test("there are 32 adult teeth and 20 primary ones, the patient's right on the left", () => {
  const [upper, lower] = numbers("adult");
  expect(upper).toEqual([18, 17, 16, 15, 14, 13, 12, 11, 21, 22, 23, 24, 25, 26, 27, 28]);
  expect(lower).toEqual([48, 47, 46, 45, 44, 43, 42, 41, 31, 32, 33, 34, 35, 36, 37, 38]);
  expect(numbers("primary")[0]).toEqual([55, 54, 53, 52, 51, 61, 62, 63, 64, 65]);
  expect(numbers("both").flat()).toHaveLength(52);
});

test("no tooth is drawn over another or beside the drawing", () => {
  for (const which of ["adult", "primary", "both"] as const)
    for (const row of rowsOf(which)) {
      const edges = row.flatMap(({ x, width }) => [x - width / 2, x + width / 2]);
      expect(edges).toEqual(edges.toSorted((one, other) => one - other));
      expect(edges.at(0)).toBeGreaterThanOrEqual(0);
      expect(edges.at(-1)).toBeLessThanOrEqual(WIDTH);
    }
});

test("arrows walk along a jaw and over to the other one", () => {
  const adult = rowsOf("adult");
  expect(neighbour(adult, 36, "ArrowRight")).toBe(37);
  expect(neighbour(adult, 38, "ArrowRight")).toBe(38);
  expect(neighbour(adult, 41, "ArrowRight")).toBe(31);
  expect(neighbour(adult, 36, "ArrowUp")).toBe(26);
  expect(neighbour(adult, 11, "ArrowDown")).toBe(41);
  expect(neighbour(adult, 36, "Home")).toBe(48);
  const both = rowsOf("both");
  expect(neighbour(both, 11, "ArrowDown")).toBe(51);
  expect(neighbour(both, 51, "ArrowDown")).toBe(81);
});

test("a surface is written into the line in the order of surfaces, and taken out again", () => {
  expect(toggled("", 36, "O")).toBe("36 o ");
  expect(toggled("36 o ", 36, "M")).toBe("36 mo ");
  expect(toggled("36 mo ", 36, "O")).toBe("36 m ");
  expect(toggled("36 m ", 36, "M")).toBe("36 ");
  expect(toggled("47 do ", 36, "B")).toBe("36 b ");
  expect(markedIn("11 pv", 11)).toEqual(["B", "L"]);
});

test("a line in which something is said is not bare", () => {
  expect(["", "3", "36", "36 mo ", " 36 MO"].map(isBare)).toEqual([true, true, true, true, true]);
  expect(["36 mo c", "36 c", "36 mo // deep", "upper calc"].map(isBare)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(bareOf("36 mo")).toEqual({ tooth: 36, surfaces: "mo" });
});
