import type { ReactNode } from "react";
import type { Conflict } from "../../ipc/bindings/Conflict";
import type { ConflictSide } from "../../ipc/bindings/ConflictSide";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { messages } from "../../messages";
import { age, mobile, timeOrDay } from "../../shared/format";
import { DiedMark, Kbd } from "../../shared/parts";
import classes from "./Review.module.css";
import { factLabel, placeOf, sideText, valueText } from "./words";

/** What both sides had seen. */
export function Before({ conflict }: { conflict: Conflict }) {
  const { review } = messages;
  return (
    <section className={`${classes.card} ${classes.before}`}>
      <h3>
        {review.before} <small>{review.beforeHint}</small>
      </h3>
      <p className={classes.value}>{sideText(conflict, "base")}</p>
      <Facts conflict={conflict} side="base" />
    </section>
  );
}

interface SideProps {
  conflict: Conflict;
  side: "theirs" | "ours";
  number: string;
  children: ReactNode;
}

/** One side: the value, who wrote it, where and when. */
export function Side({ conflict, side, number, children }: SideProps) {
  const { review } = messages;
  const from = conflict[side];
  const isDeletion = conflict.kind === "delete_edit";
  const value = isDeletion
    ? from.text === "true"
      ? review.deleteRecord
      : review.keepRecord
    : sideText(conflict, side);
  return (
    <section className={classes.card} data-testid={`review-${side}`}>
      <h3>
        {placeOf(from)} {children && <Kbd>{number}</Kbd>}
        {from.holds && <em>{review.holds}</em>}
      </h3>
      <p className={`${classes.value} ${classes.differing}`}>{value}</p>
      {conflict.facts.length > 1 && <Facts conflict={conflict} side={side} />}
      <Written from={from} />
      {children}
    </section>
  );
}

function Facts({ conflict, side }: { conflict: Conflict; side: "base" | "theirs" | "ours" }) {
  if (conflict.facts.length < 2) return null;
  return (
    <dl>
      {conflict.facts.map((fact) => (
        <div key={fact.name}>
          <dt>{factLabel(fact.name)}</dt>
          <dd>{valueText(fact[side])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One of two registrations that may be one person. */
export function Person({ patient, side }: { patient: PatientSummary | null; side: ConflictSide }) {
  if (!patient) return null;
  return (
    <section className={classes.card}>
      <h3>{placeOf(side)}</h3>
      <p className={`${classes.value} ${classes.differing}`}>{patient.fullName}</p>
      <p>
        {[age(patient.age), patient.sex, patient.guardian].filter(Boolean).join(" · ")}
        <DiedMark patient={patient} />
      </p>
      <p>{[patient.patientCode, mobile(patient.mobileNumber)].filter(Boolean).join(" · ")}</p>
      <Written from={side} />
    </section>
  );
}

/** Who made a refused change, and who handed it over. */
export function RefusedSides({ conflict }: { conflict: Conflict }) {
  const { made, handedOver } = messages.review.refused;
  return (
    <>
      <section className={classes.card}>
        <h3>{made}</h3>
        <p className={classes.value}>{placeOf(conflict.ours)}</p>
        <Written from={conflict.ours} />
      </section>
      {conflict.theirs.who && (
        <section className={classes.card}>
          <h3>{handedOver}</h3>
          <p className={classes.value}>{placeOf(conflict.theirs)}</p>
          <Written from={conflict.theirs} />
        </section>
      )}
    </>
  );
}

function Written({ from }: { from: ConflictSide }) {
  return (
    <p className={classes.from}>
      {from.who && <strong>{from.who}</strong>}
      {from.at && <time dateTime={from.at}>{timeOrDay(from.at)}</time>}
      {from.isHere && from.device && <span>{from.device}</span>}
    </p>
  );
}
