import { IconCheck, IconClock } from "@tabler/icons-react";
import type { AlertView } from "../../ipc/bindings/AlertView";
import type { ItemView } from "../../ipc/bindings/ItemView";
import type { PrescriptionSummary } from "../../ipc/bindings/PrescriptionSummary";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { FactList } from "../../shared/parts";
import classes from "./Prescription.module.css";
import { stoppedText } from "./stopped";

function alertWords(alert: AlertView): string {
  const { prescription: words } = messages;
  const outcome = alert.isLeftOut ? words.leftOut : alert.reason && words.keptBecause(alert.reason);
  const rules = alert.ruleVersion === null ? null : words.rules(alert.ruleVersion);
  const marks = [outcome, rules].filter(Boolean).join(", ");
  return `${[alert.medicine, alert.why].filter(Boolean).join(": ")}${marks && ` (${marks})`}`;
}

const itemText = (item: ItemView) => [item.title, stoppedText(item)].filter(Boolean).join("\n");

function signedBy({ doctorName, ownSignature }: PrescriptionSummary): string {
  const how = ownSignature && messages.prescription.ownSignature[ownSignature];
  return [doctorName, how].filter(Boolean).join(", ");
}

export function Facts({ prescription }: { prescription: PrescriptionSummary }) {
  const { prescription: words, chart } = messages;
  const facts: [string, string | null][] = [
    [words.status, chart.status[prescription.status]],
    [
      prescription.status === "superseded" ? words.amendedBecause : words.voidedBecause,
      prescription.voidReason,
    ],
    [words.version, prescription.version > 1 ? String(prescription.version) : null],
    [words.date, shortDay(prescription.visitDate)],
    [words.signedBy, signedBy(prescription)],
    [words.diagnoses, prescription.diagnoses.join(", ")],
    [words.medicines, prescription.items.map(itemText).join("\n")],
    [words.alerts, prescription.alerts.map(alertWords).join("\n")],
    [words.comeBack, prescription.followUpDate && shortDay(prescription.followUpDate)],
  ];
  const Icon = prescription.isSynced ? IconCheck : IconClock;
  return (
    <>
      <p className={classes.sent}>
        <Icon size={16} stroke={2} aria-hidden="true" />
        {prescription.isSynced ? words.sent : words.waiting}
      </p>
      <FactList facts={facts} className={classes.facts} />
    </>
  );
}
