import { expect, test } from "vitest";
import type { Measured } from "../../ipc/bindings/Measured";
import { ticksOf, trendsOf, valueAt } from "./trend";

const vitals = {
  bpSys: null,
  bpDia: null,
  pulse: null,
  tempC: null,
  spo2: null,
  rr: null,
  weightKg: null,
  heightCm: null,
  sugar: null,
  headCm: null,
};
const visit = (day: string, part: Partial<Measured["vitals"]>): Measured => ({
  prescriptionId: day,
  day,
  vitals: { ...vitals, ...part },
  bmi: null,
});

test("only what was measured is shown, with the visits at which it was", () => {
  const trends = trendsOf([
    visit("2026-01-02", { bpSys: 150, bpDia: 90 }),
    visit("2026-02-02", { weightKg: 70 }),
    visit("2026-03-02", { bpSys: 140 }),
  ]);
  expect(trends.map(({ key, days }) => [key, days])).toEqual([
    ["bp", ["2026-01-02", "2026-03-02"]],
    ["weight", ["2026-02-02"]],
  ]);
  const [bp] = trends;
  expect(bp && [valueAt(bp, 0), valueAt(bp, 1)]).toEqual(["150/90 mmHg", "140/– mmHg"]);
});

test("everything that can be measured is shown", () => {
  const all = Object.fromEntries(Object.keys(vitals).map((name) => [name, 40]));
  const shown = trendsOf([{ ...visit("2026-01-02", all), bmi: 24 }]).map(({ key }) => key);
  expect(shown).toEqual(["bp", "weight", "bmi", "pulse", "temp", "spo2", "rr", "sugar", "height", "head"]);
});

test.each([
  [
    [68.4, 72.1],
    [68, 70, 72, 74],
  ],
  [
    [86, 158],
    [50, 100, 150, 200],
  ],
  [
    [36.6, 36.6],
    [36, 38],
  ],
  [
    [97, 97, 98],
    [97, 97.5, 98],
  ],
])("the numbers beside %o are %o", (values, ticks) => {
  expect(ticksOf(values)).toEqual(ticks);
});
