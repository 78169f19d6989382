import type { ReactNode } from "react";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { mobile } from "../../shared/format";
import { Person } from "../../shared/Person";
import classes from "./Today.module.css";

interface Row {
  key: string;
  patient: PatientSummary;
  /** A time, when there is one. */
  lead: string | null;
  aside: string | null;
  /** What is to be known of them today. */
  note?: string;
}

interface Props {
  title: string;
  empty: string;
  rows: Row[];
  onOpen: (patientId: string) => void;
  /** What leads on from here. */
  foot?: ReactNode;
}

/** People of the day; each row opens what belongs to the person. */
export function PeopleList({ title, empty, rows, onOpen, foot }: Props) {
  return (
    <section className={classes.card} aria-label={title}>
      <h2>
        {title} <span>{rows.length}</span>
      </h2>
      {rows.length === 0 ? (
        <p className={classes.empty}>{empty}</p>
      ) : (
        <ul className={classes.list}>
          {rows.map(({ key, patient, lead, aside, note }) => (
            <li key={key}>
              <button type="button" className={classes.row} onClick={() => onOpen(patient.id)}>
                {lead && <time className={classes.lead}>{lead}</time>}
                <Person
                  patient={patient}
                  parts={[patient.guardian, mobile(patient.mobileNumber)]}
                  note={note}
                />
                {aside && <span className={classes.aside}>{aside}</span>}
              </button>
            </li>
          ))}
        </ul>
      )}
      {foot && <p className={classes.foot}>{foot}</p>}
    </section>
  );
}
