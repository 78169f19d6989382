import { IconCheck, IconClock } from "@tabler/icons-react";
import type { PrescriptionSummary } from "../../ipc/bindings/PrescriptionSummary";
import { messages } from "../../messages/en";
import { shortDay } from "../../shared/format";
import classes from "./Prescription.module.css";

export function Facts({ prescription }: { prescription: PrescriptionSummary }) {
  const { prescription: words, chart } = messages;
  const facts: [string, string | null][] = [
    [words.status, chart.status[prescription.status]],
    [words.date, shortDay(prescription.visitDate)],
    [words.signedBy, prescription.doctorName],
    [words.diagnoses, prescription.diagnoses.join(", ")],
    [words.medicines, prescription.items.map((item) => item.title).join("\n")],
    [words.comeBack, prescription.followUpDate && shortDay(prescription.followUpDate)],
  ];
  const Icon = prescription.isSynced ? IconCheck : IconClock;
  return (
    <>
      <p className={classes.sent}>
        <Icon size={16} stroke={2} aria-hidden="true" />
        {prescription.isSynced ? words.sent : words.waiting}
      </p>
      <dl className={classes.facts}>
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </>
  );
}
