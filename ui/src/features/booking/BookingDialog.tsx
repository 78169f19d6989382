import { useQuery } from "@tanstack/react-query";
import { dayOf } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Booking } from "../../ipc/bindings/Booking";
import type { DoctorId } from "../../ipc/bindings/DoctorId";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Notice, Problem, Waiting } from "../../shared/parts";
import classes from "./Booking.module.css";
import { BookingEditor } from "./BookingEditor";

/** A visit whose place another one takes. */
export interface Moved {
  booking: Booking;
  doctorId: DoctorId;
  /** Its day. */
  date: string;
}

interface Props {
  patient: PatientSummary;
  moved?: Moved | null;
  /** For which day it is booked unless another one is typed; null for whoever is here. */
  day?: string | null;
  /** The doctor who asked them to come again, if they are called for that. */
  asked?: DoctorId | null;
  onClose: () => void;
}

/** Gives a token to whoever is here, books whoever is to come, or moves a visit. */
export function BookingDialog({ patient, moved = null, day = null, asked = null, onClose }: Props) {
  const backend = useBackend();
  const { lastDoctor } = useSession();
  // What is moved stays with its doctor, who is perhaps here on that day alone.
  const { data, error, refetch } = useQuery(dayOf(backend, moved?.date ?? null));
  const { booking } = messages;
  const title = moved ? booking.moveTitle(patient.fullName) : booking.title(patient.fullName);
  const doctors = data?.doctors ?? [];
  const has = (id: DoctorId | null | undefined) => doctors.find(({ doctorId }) => doctorId === id);
  const first =
    has(moved?.doctorId) ?? has(asked) ?? doctors.find(({ isOwn }) => isOwn) ?? has(lastDoctor) ?? doctors[0];
  if (!first)
    return (
      <Dialog label={title} onClose={onClose}>
        <div className={classes.form} tabIndex={-1} data-autofocus>
          <h2>{title}</h2>
          {error ? <Problem error={error} onRetry={() => void refetch()} /> : null}
          {data ? <Notice>{booking.noDoctor}</Notice> : !error && <Waiting />}
        </div>
      </Dialog>
    );
  return (
    <BookingEditor
      title={title}
      patient={patient}
      moved={moved}
      firstDay={day}
      wasAsked={asked !== null}
      doctors={doctors}
      firstDoctor={first.doctorId}
      onClose={onClose}
    />
  );
}
