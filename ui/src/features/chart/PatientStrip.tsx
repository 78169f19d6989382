import { IconAlertOctagon, IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { keyLabel } from "../../app/keymap";
import type { Chart } from "../../ipc/bindings/Chart";
import { messages } from "../../messages";
import { age, mobile } from "../../shared/format";
import { Avatar, DiedMark, Kbd } from "../../shared/parts";
import { allergyDetails } from "./allergy";
import classes from "./PatientStrip.module.css";

/** Whom this is about. Always above the work. */
export function PatientStrip({ chart, children }: { chart: Chart; children?: ReactNode }) {
  const { patient } = chart;
  return (
    <header className={classes.strip}>
      <Avatar name={patient.fullName} />
      <div className={classes.who}>
        <h1>
          {patient.fullName}{" "}
          <span className={classes.age}>{[age(patient.age), patient.sex].filter(Boolean).join(" · ")}</span>
          <DiedMark patient={patient} />
        </h1>
        <p>
          {[patient.patientCode, mobile(patient.mobileNumber), patient.guardian].map(
            (part) => part && <span key={part}>{part}</span>,
          )}
        </p>
      </div>
      {children}
    </header>
  );
}

/** The one solid red thing of the program. It never folds and never scrolls away. `onNote` notes an allergy where none is. */
export function AllergyBar({ chart, onNote }: { chart: Chart; onNote?: () => void }) {
  const { chart: words } = messages;
  const holding = chart.allergies.filter((one) => one.counts);
  if (chart.allergyStatus === "has_allergies") {
    return (
      <div className={`${classes.bar} ${classes.red}`} role="note">
        <IconAlertOctagon size={18} stroke={2} aria-hidden="true" />
        <strong>{words.allergies}</strong>
        <ul>
          {holding.map(({ id, form, notedOn }) => (
            <li key={id}>
              <b>{form.substance}</b>{" "}
              {[allergyDetails(form), notedOn?.slice(0, 4)].filter(Boolean).join(" · ")}
            </li>
          ))}
          {chart.alerts && <li>{chart.alerts}</li>}
          {holding.length === 0 && !chart.alerts && <li>{words.allergiesNoWords}</li>}
        </ul>
      </div>
    );
  }
  const isAsked = chart.allergyStatus === "none_known";
  return (
    <div className={`${classes.bar} ${isAsked ? classes.grey : classes.amber}`} role="note">
      {!isAsked && <IconAlertTriangle size={18} stroke={1.9} aria-hidden="true" />}
      <strong>{isAsked ? words.allergiesNone : words.allergiesUnknown}</strong>
      {chart.alerts && (
        <span>
          {words.warnings}: {chart.alerts}
        </span>
      )}
      {onNote && (
        <button type="button" className={classes.note} onClick={onNote}>
          {messages.known.addAllergy} <Kbd>{keyLabel("allergy")}</Kbd>
        </button>
      )}
    </div>
  );
}

/** The same for who may not see which allergies: that there are some. */
export function AllergySign({ chart }: { chart: Chart }) {
  const { chart: words } = messages;
  if (chart.allergyStatus !== "has_allergies") return null;
  return (
    <div className={`${classes.bar} ${classes.red}`} role="note">
      <IconAlertOctagon size={18} stroke={2} aria-hidden="true" />
      <strong>{words.allergies}</strong>
      <span>{words.allergiesHidden}</span>
    </div>
  );
}
