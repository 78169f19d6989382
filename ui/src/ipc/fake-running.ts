import { dayAfter } from "../shared/format";
import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { ItemView } from "./bindings/ItemView";
import type { PrescriptionSummary } from "./bindings/PrescriptionSummary";
import type { Running } from "./bindings/Running";
import type { Around, FakeClinic, FakePatient } from "./fake-clinic";
import type { Answer } from "./fake-data";

const idOf = (prescription: PrescriptionSummary, place: number) => `${prescription.id}.${place}`;

/** The lines of what was signed, stopped or not; in the fake nothing ends by itself. */
const linesOf = ({ prescriptions }: FakePatient): Running[] =>
  prescriptions
    .filter(({ status }) => status === "finalised")
    .flatMap((prescription) =>
      prescription.items.map((item, place) => {
        const days = /x(\d+)d/.exec(item.doseText);
        return {
          id: idOf(prescription, place),
          prescriptionId: prescription.id,
          title: item.title,
          directions: item.directions,
          prescribedOn: prescription.visitDate,
          until: days && dayAfter(prescription.visitDate, Number(days[1])),
          isEndSaid: true,
          doctorName: prescription.doctorName,
          stoppedAt: item.stoppedAt,
          stopReason: item.stopReason,
          conflict: null,
        };
      }),
    );

export const runningOf = (patient: FakePatient) => linesOf(patient).filter((one) => one.stoppedAt === null);
export const stoppedOf = (patient: FakePatient) => linesOf(patient).filter((one) => one.stoppedAt !== null);

export function fakeRunning(
  answer: Answer,
  { patients }: FakeClinic,
  { record }: Around,
): Pick<Backend, "stopMedicine" | "resumeMedicine"> {
  const change = (id: string, title: string, to: (item: ItemView) => ItemView) => {
    for (const patient of patients) {
      patient.prescriptions = patient.prescriptions.map((prescription) => ({
        ...prescription,
        items: prescription.items.map((item, place) => {
          if (idOf(prescription, place) !== id) return item;
          record(title, patient.summary);
          return to(item);
        }),
      }));
    }
  };
  return {
    stopMedicine: (id, reason) =>
      answer("stopMedicine", () =>
        change(id, "Medicine stopped", (item) => {
          if (item.stoppedAt !== null) {
            const detail = "This medicine was stopped already. Nothing was changed.";
            throw { code: "invalid", detail } satisfies CommandError;
          }
          return { ...item, stoppedAt: new Date().toISOString(), stopReason: reason.trim() };
        }),
      ),
    resumeMedicine: (id) =>
      answer("resumeMedicine", () =>
        change(id, "Medicine taken up again", (item) => ({ ...item, stoppedAt: null, stopReason: null })),
      ),
  };
}
