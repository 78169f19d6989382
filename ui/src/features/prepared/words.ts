import type { Prepared } from "../../ipc/bindings/Prepared";
import type { Vitals } from "../../ipc/bindings/Vitals";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";

/** `BP 130/80 mmHg`, `Temp 38.2 °C`: what was measured. */
function vitalWords(vitals: Vitals): string[] {
  const { pad } = messages;
  const { units } = pad;
  const measured: [string, number | null, string][] = [
    [pad.pulse, vitals.pulse, units.pulse],
    [pad.temp, vitals.tempC, units.temp],
    [pad.spo2, vitals.spo2, units.spo2],
    [pad.rr, vitals.rr, units.rr],
    [pad.weight, vitals.weightKg, units.weight],
    [pad.height, vitals.heightCm, units.height],
    [pad.sugar, vitals.sugar, units.sugar],
    [pad.head, vitals.headCm, units.head],
  ];
  const others = measured.flatMap(([name, value, unit]) =>
    value === null ? [] : [`${name} ${value} ${unit}`],
  );
  const { bpSys, bpDia } = vitals;
  const hasPressure = bpSys !== null || bpDia !== null;
  return hasPressure ? [`${pad.bp} ${bpSys ?? "–"}/${bpDia ?? "–"} ${units.bp}`, ...others] : others;
}

/** All that was prepared, in one line. */
export const preparedWords = ({ vitals, words, items }: Prepared) =>
  [
    vitalWords(vitals).join(", "),
    ...words,
    ...items.map((item) =>
      [item.title, item.doseText, item.noSubstitution && `(${messages.prescription.noSubstitution})`]
        .filter(Boolean)
        .join(" "),
    ),
  ]
    .filter(Boolean)
    .join(" · ");

/** `Prepared by Sister Asha, 10:31:`, with the day where that is not today. */
export const preparedBy = ({ by, at }: Prepared) => messages.prepared.by(by, timeOrDay(at));
