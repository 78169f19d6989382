import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { messages } from "../../messages";
import { age, mobile, shortDay } from "../../shared/format";
import { Avatar, DiedMark, FactList } from "../../shared/parts";

/** What tells one person from another on the same number. */
export function FinderPreview({ patient }: { patient: PatientSummary }) {
  const { finder } = messages;
  const facts: [string, string | null][] = [
    [finder.lastVisit, patient.lastVisit ? shortDay(patient.lastVisit) : finder.neverSeen],
    [finder.mobile, mobile(patient.mobileNumber)],
    [finder.guardian, patient.guardian],
    [finder.code, patient.patientCode],
  ];
  return (
    <>
      <Avatar name={patient.fullName} size="large" />
      <h3>{patient.fullName}</h3>
      <p>{[age(patient.age), patient.sex].filter(Boolean).join(" · ")}</p>
      {patient.died && (
        <p>
          <DiedMark patient={patient} />
        </p>
      )}
      <FactList facts={facts} />
    </>
  );
}
