import type { ReactNode } from "react";
import type { PatientSummary } from "../ipc/bindings/PatientSummary";
import { age } from "./format";
import { DiedMark, Parts } from "./parts";
import classes from "./person.module.css";

/** The name of a patient in a list, with the age and the sex. */
export function PersonName({ patient }: { patient: PatientSummary }) {
  return (
    <>
      <strong className={classes.name}>{patient.fullName}</strong>{" "}
      <span className={classes.age}>
        {age(patient.age)} {patient.sex}
      </span>
      <DiedMark patient={patient} />
    </>
  );
}

interface Props {
  patient: PatientSummary;
  /** What tells them from others, below the name. */
  parts: (string | null)[];
  /** What else is to be known of them. */
  note?: string | undefined;
  /** What stands beside the name. */
  children?: ReactNode;
}

/** A patient in a list. */
export function Person({ patient, parts, note, children }: Props) {
  return (
    <span className={classes.person}>
      <PersonName patient={patient} />
      {children}
      <span className={classes.small}>
        <Parts parts={parts} />
      </span>
      {note && <span className={classes.small}>{note}</span>}
    </span>
  );
}
