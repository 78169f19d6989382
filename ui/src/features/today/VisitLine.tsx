import { Button } from "@mantine/core";
import type { Booking } from "../../ipc/bindings/Booking";
import type { Day } from "../../ipc/bindings/Day";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import type { StepKind } from "../../ipc/bindings/StepKind";
import { messages } from "../../messages";
import { shortTime } from "../../shared/format";
import { Problem } from "../../shared/parts";
import { valueText } from "../review/words";
import { visitsOf } from "./Queue";
import { type PlainStep, stepName, type Steps, stepWord, useSteps } from "./useSteps";
import classes from "./VisitLine.module.css";

interface Props {
  day: Day;
  patient: PatientSummary;
}

/** What is done where only one patient is in sight; the rest is for where the whole day is. */
const here: PlainStep[] = ["arrive", "confirm", "call", "start", "finish", "reopen"];

const isHere = (kind: StepKind): kind is PlainStep => here.some((one) => one === kind);

/** The patient’s visits of today, with their token and state, and the next things to do. */
export function VisitLine({ day, patient }: Props) {
  const steps = useSteps();
  const visits = day.doctors.flatMap((doctor) =>
    visitsOf(doctor)
      .filter(({ patient: { id }, status }) => id === patient.id && status !== "rescheduled")
      .map((booking) => ({ booking, doctor: doctor.name })),
  );
  if (visits.length === 0) return null;
  return (
    <section aria-label={messages.day.ofPatient} data-testid="todays-visit">
      <ul className={classes.visits}>
        {visits.map(({ booking, doctor }) => (
          <OneVisit key={booking.id} booking={booking} doctor={doctor} steps={steps} />
        ))}
      </ul>
    </section>
  );
}

function OneVisit({ booking, doctor, steps }: { booking: Booking; doctor: string; steps: Steps }) {
  const { day } = messages;
  const error = steps.errorOf(booking);
  const { status, time, arrivedAt, startedAt } = booking;
  // Since when they wait or are with the doctor; of others, when they are booked.
  const since = status === "in_consultation" ? startedAt : status === "arrived" ? arrivedAt : null;
  const when = since === null ? time : shortTime(since);
  return (
    <li>
      {booking.token && <strong>{booking.token}</strong>}
      <span>
        {[valueText(status), when, doctor, booking.isUrgent && day.urgent, booking.reason]
          .filter(Boolean)
          .join(" · ")}
      </span>
      {booking.next
        .filter(isHere)
        .slice(0, 2)
        .map((kind) => (
          <Button
            key={kind}
            variant="default"
            aria-label={stepName(stepWord(kind, booking), booking)}
            onClick={({ detail }) => detail < 2 && steps.take(booking, { kind })}
          >
            {stepWord(kind, booking)}
          </Button>
        ))}
      {error && <Problem error={error} />}
    </li>
  );
}
