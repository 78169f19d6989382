import { Button } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import { keyLabel, useKeys } from "../../app/keymap";
import type { Booking } from "../../ipc/bindings/Booking";
import type { Day } from "../../ipc/bindings/Day";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import type { StepKind } from "../../ipc/bindings/StepKind";
import { messages } from "../../messages";
import { shortTime } from "../../shared/format";
import { Kbd, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { valueText } from "../review/words";
import { usePrintSlip } from "../slip/SlipProvider";
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

const visitsOfPatient = (day: Day, patient: PatientSummary) =>
  day.doctors.flatMap((doctor) =>
    visitsOf(doctor)
      .filter(({ patient: { id }, status }) => id === patient.id && status !== "rescheduled")
      .map((booking) => ({ booking, doctor: doctor.name })),
  );

/** Whether the patient waits with a token, of which a slip can be printed. */
export const hasSlip = (...of: Parameters<typeof visitsOfPatient>) =>
  visitsOfPatient(...of).some(({ booking }) => booking.hasSlip);

/** The patient’s visits of today, with their token and state, and the next things to do. */
export function VisitLine({ day, patient }: Props) {
  const steps = useSteps();
  const printSlip = usePrintSlip();
  const toast = useToast();
  const visits = visitsOfPatient(day, patient);
  useKeys({
    slipOfPatient: () => {
      const bookings = visits.map(({ booking }) => booking);
      const waiting = bookings.filter((booking) => booking.hasSlip);
      // Who waits for two doctors: the token that was given last.
      const [last] = waiting.toSorted((a, b) => (b.arrivedAt ?? "").localeCompare(a.arrivedAt ?? ""));
      const meant = last ?? bookings[0];
      if (meant) printSlip(meant.id);
      else toast(messages.day.noToken(patient.fullName, keyLabel("book")));
    },
  });
  if (visits.length === 0) return null;
  return (
    <section aria-label={messages.day.ofPatient} data-testid="todays-visit">
      <ul className={classes.visits}>
        {visits.map(({ booking, doctor }) => (
          <OneVisit
            key={booking.id}
            booking={booking}
            doctor={doctor}
            steps={steps}
            onSlip={() => printSlip(booking.id)}
          />
        ))}
      </ul>
    </section>
  );
}

interface OneProps {
  booking: Booking;
  doctor: string;
  steps: Steps;
  onSlip: () => void;
}

function OneVisit({ booking, doctor, steps, onSlip }: OneProps) {
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
      {booking.hasSlip && (
        <Button
          variant="default"
          leftSection={<IconPrinter size={16} aria-hidden="true" />}
          rightSection={<Kbd>{keyLabel("slipOfPatient")}</Kbd>}
          aria-label={stepName(day.slip, booking)}
          onClick={onSlip}
        >
          {day.slip}
        </Button>
      )}
      {error && <Problem error={error} />}
    </li>
  );
}
