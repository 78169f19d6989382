import { Button } from "@mantine/core";
import type { Booking } from "../../ipc/bindings/Booking";
import type { Day } from "../../ipc/bindings/Day";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { messages } from "../../messages";
import { shortTime } from "../../shared/format";
import { Problem } from "../../shared/parts";
import { valueText } from "../review/words";
import { visitsOf } from "../today/Queue";
import { stepName, type Steps, stepWord, useSteps } from "../today/useSteps";
import classes from "./Booking.module.css";

interface Props {
  day: Day;
  patient: PatientSummary;
}

/** The patient’s visits of today, with their token and state, and the next thing to do. */
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
  const [first] = booking.next;
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
      {/* What is written by mistake is marked where the whole day is in sight. */}
      {first && first !== "move" && first !== "cancel" && first !== "mistake" && (
        <Button
          variant="default"
          aria-label={stepName(stepWord(first, booking), booking)}
          onClick={({ detail }) => detail < 2 && steps.take(booking, { kind: first })}
        >
          {stepWord(first, booking)}
        </Button>
      )}
      {error !== null && error !== undefined && <Problem error={error} />}
    </li>
  );
}
