import { useEffect, useRef } from "react";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { messages } from "../../messages";
import { mobile, shortDay } from "../../shared/format";
import { Person } from "../../shared/Person";
import { Kbd } from "../../shared/parts";
import { usePressed } from "../../shared/pressed";
import classes from "./Finder.module.css";

interface Props {
  id: string;
  /** The digit that picks this one. */
  pick: number | null;
  patient: PatientSummary;
  isChosen: boolean;
  onChoose: () => void;
}

export function FinderRow({ id, pick, patient, isChosen, onChoose }: Props) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const { press, isMeant } = usePressed();
  const { finder } = messages;
  return (
    // The focus stays in the field: keys are answered there.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      ref={row}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      data-testid="finder-option"
      className={classes.row}
      onMouseDown={(event) => {
        event.preventDefault();
        press(patient.id);
      }}
      onClick={() => isMeant(patient.id) && onChoose()}
    >
      {pick !== null && <Kbd>{pick}</Kbd>}
      <Person patient={patient} parts={[patient.guardian, mobile(patient.mobileNumber), patient.patientCode]}>
        {patient.speltOtherwise && <span className={classes.spelt}>{finder.speltOtherwise}</span>}
        {patient.needsReview && <span className={classes.review}>{finder.needsReview}</span>}
      </Person>
      <span className={classes.last}>
        {patient.lastVisit ? shortDay(patient.lastVisit) : finder.neverSeen}
      </span>
    </div>
  );
}
