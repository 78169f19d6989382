import type { ReactNode } from "react";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { age, mobile } from "../../shared/format";
import { DiedMark, Parts } from "../../shared/parts";
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
                <span className={classes.who}>
                  <strong>{patient.fullName}</strong>{" "}
                  <span className={classes.age}>
                    {age(patient.age)} {patient.sex}
                  </span>
                  <DiedMark patient={patient} />
                  <span className={classes.small}>
                    <Parts parts={[patient.guardian, mobile(patient.mobileNumber)]} />
                  </span>
                  {note && <span className={classes.small}>{note}</span>}
                </span>
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
