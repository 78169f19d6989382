import { expect, test } from "vitest";
import type { MedicineFound } from "../../ipc/bindings/MedicineFound";
import { chooseMedicine, splitLine } from "./typed-line";

const paracetamol = (strengthText: string): MedicineFound => ({
  id: strengthText,
  genericName: "Paracetamol",
  brandName: null,
  strengthText,
  dosageForm: "tablet",
  doseUnit: "tablet",
  defaultDose: null,
});
const both = [paracetamol("500 mg"), paracetamol("650 mg")];

test.each([
  ["azith 500 1-0-0 x3d pc", "azith 500", "1-0-0 x3d pc"],
  ["paracetamol 650 sos", "paracetamol 650", "sos"],
  ["amlodipine 5 od", "amlodipine 5", "od"],
  ["amlodipine 5 2 od", "amlodipine 5", "2 od"],
  ["Dolo650 1 sos", "Dolo650", "1 sos"],
  ["metoprolol 1/2 bd", "metoprolol", "1/2 bd"],
  ["vitamin d3 60000 weekly", "vitamin d3 60000", "weekly"],
  ["Dolo 650 ½-0-½", "Dolo 650", "½-0-½"],
  ["metformin 500", "metformin 500", ""],
])("%s is a medicine and a dose", (line, medicine, dose) => {
  expect(splitLine(line)).toEqual({ medicine, dose });
});

test("a strength that was not typed is never guessed", () => {
  expect(chooseMedicine(both, "parac")).toEqual({ kind: "several", count: 2 });
  expect(chooseMedicine(both, "parac 650mg")).toEqual({ kind: "chosen", medicine: both[1] });
});

test("half a figure fits nothing", () => {
  expect(chooseMedicine(both, "parac 65")).toEqual({ kind: "free" });
});
