import type { Measured } from "../../ipc/bindings/Measured";
import { messages } from "../../messages";

/** One thing that is measured, visit by visit, the oldest first. A pressure has two lines. */
export interface Trend {
  key: string;
  label: string;
  unit: string;
  lines: { label: string; values: (number | null)[] }[];
  days: string[];
}

type Of = (one: Measured) => number | null;

/** What was measured at least once, each with the visits at which it was. */
export function trendsOf(measured: Measured[]): Trend[] {
  const { pad, trend } = messages;
  const { units } = pad;
  const kinds: [string, string, string, [string, Of][]][] = [
    [
      "bp",
      trend.bp,
      units.bp,
      [
        [trend.bpSys, (one) => one.vitals.bpSys],
        [trend.bpDia, (one) => one.vitals.bpDia],
      ],
    ],
    ["weight", pad.weight, units.weight, [[pad.weight, (one) => one.vitals.weightKg]]],
    ["bmi", pad.bmi, "", [[pad.bmi, (one) => one.bmi]]],
    ["pulse", pad.pulse, units.pulse, [[pad.pulse, (one) => one.vitals.pulse]]],
    ["temp", trend.temp, units.temp, [[trend.temp, (one) => one.vitals.tempC]]],
    ["spo2", pad.spo2, units.spo2, [[pad.spo2, (one) => one.vitals.spo2]]],
    ["rr", pad.rr, units.rr, [[pad.rr, (one) => one.vitals.rr]]],
    ["sugar", pad.sugar, units.sugar, [[pad.sugar, (one) => one.vitals.sugar]]],
    ["height", pad.height, units.height, [[pad.height, (one) => one.vitals.heightCm]]],
    ["head", pad.head, units.head, [[pad.head, (one) => one.vitals.headCm]]],
  ];
  return kinds.flatMap(([key, label, unit, lines]) => {
    const visits = measured.filter((one) => lines.some(([, of]) => of(one) !== null));
    if (visits.length === 0) return [];
    return [
      {
        key,
        label,
        unit,
        lines: lines.map(([name, of]) => ({ label: name, values: visits.map(of) })),
        days: visits.map((one) => one.day),
      },
    ];
  });
}

/** `138/86 mmHg`; what was not measured is a dash. */
export function valueAt(trend: Trend, place: number): string {
  const values = trend.lines.map((line) => line.values[place] ?? "–");
  return `${values.join("/")} ${trend.unit}`.trim();
}

/** Three or four round numbers that hold all values between them. */
export function ticksOf(values: number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rough = (high - low || Math.max(Math.abs(high) / 10, 1)) / 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.floor(low / step) * step;
  const count = Math.max(Math.ceil((high - first) / step), 1);
  return Array.from({ length: count + 1 }, (_, place) => Number((first + place * step).toFixed(4)));
}
