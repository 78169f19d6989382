import { Button, NativeSelect, TextInput } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ChangeEvent, type KeyboardEvent, useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Booking } from "../../ipc/bindings/Booking";
import type { BookingForm } from "../../ipc/bindings/BookingForm";
import type { BookingRead } from "../../ipc/bindings/BookingRead";
import type { DoctorDay } from "../../ipc/bindings/DoctorDay";
import type { DoctorId } from "../../ipc/bindings/DoctorId";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import type { TakenTime } from "../../ipc/bindings/TakenTime";
import type { VisitType } from "../../ipc/bindings/VisitType";
import { useBackend } from "../../ipc/context";
import { langOf, problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import choices from "../../shared/choices.module.css";
import { dayWithWeekday } from "../../shared/format";
import { Parts, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import { usePrintSlip } from "../slip/SlipProvider";
import { stepName } from "../today/useSteps";
import classes from "./Booking.module.css";
import type { Moved } from "./BookingDialog";

interface Props {
  title: string;
  patient: PatientSummary;
  moved: Moved | null;
  /** For which day it is booked unless another one is typed: empty to have one typed, null for whoever is here. */
  firstDay: string | null;
  /** Whether they are called because a doctor asked them to come again. */
  wasAsked: boolean;
  doctors: DoctorDay[];
  /** With whom it is booked unless somebody else is chosen. */
  firstDoctor: DoctorId;
  onClose: () => void;
}

const types: VisitType[] = ["new", "follow_up", "procedure", "emergency", "teleconsult"];

/** `30/11/2026`, as a day is typed. */
const typedDay = (date: string) => date.split("-").toReversed().join("/");

function firstForm({ patient, moved, firstDay, wasAsked, firstDoctor }: Props): BookingForm {
  const shared = { doctorId: firstDoctor, isHere: moved === null && firstDay === null, wasAsked };
  if (moved === null) {
    const visitType = patient.lastVisit === null ? "new" : "follow_up";
    const day = firstDay === null ? "" : typedDay(firstDay);
    return { ...shared, day, time: "", visitType, isUrgent: false, reason: "" };
  }
  const { time, visitType, isUrgent, reason } = moved.booking;
  return {
    ...shared,
    day: typedDay(moved.date),
    time: time ?? "",
    visitType,
    isUrgent,
    reason: reason ?? "",
  };
}

function onKeyDown(event: KeyboardEvent<HTMLFormElement>): void {
  const { target } = event;
  if (event.key !== "Enter" || target instanceof HTMLButtonElement) return;
  // Everywhere in the form it books; held down, it was meant for what stood here before.
  event.preventDefault();
  if (!event.repeat) event.currentTarget.requestSubmit();
}

/** What is typed of a booking, and how it is read, said back before it counts. */
export function BookingEditor(props: Props) {
  const { title, patient, moved, firstDay, doctors, onClose } = props;
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const printSlip = usePrintSlip();
  const { noteLastDoctor } = useSession();
  const [initial] = useState(() => firstForm(props));
  const [form, setForm] = useState(initial);
  const isTyped = JSON.stringify(form) !== JSON.stringify(initial);
  // Whoever is here now comes in without a time: what was typed of one stays in sight of nobody.
  const sent = form.isHere ? { ...form, day: "", time: "" } : form;
  const moves = moved?.booking.id ?? null;
  const asked = { ...sent, reason: "" };
  const read = useQuery({
    queryKey: queryKeys.booking(patient.id, asked, moves),
    queryFn: () => backend.readBooking(patient.id, asked, moves),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  // A time that is being typed, and is not understood yet, hides none of those that are taken.
  const ofDay = { ...asked, time: "" };
  const day = useQuery({
    queryKey: queryKeys.booking(patient.id, ofDay, moves),
    queryFn: () => backend.readBooking(patient.id, ofDay, moves),
    enabled: !form.isHere,
    gcTime: 0,
  });
  const { booking: words, chart, common } = messages;
  const save = useMutation({
    mutationFn: async (sent: BookingForm) => {
      // What is said of it afterwards is what was booked: the echo may be of what stood here before the last letter.
      const meant = sent.isHere ? null : await backend.readBooking(patient.id, sent, moves);
      const form = meant === null ? sent : { ...sent, day: typedDay(meant.day) };
      const after =
        moved === null
          ? await backend.bookVisit(patient.id, form)
          : await backend.stepVisit(moved.booking.id, moved.booking.status, { kind: "move", form });
      return { after, meant };
    },
    onSuccess: ({ after, meant }, sent) => {
      noteLastDoctor(sent.doctorId);
      void refreshRows(client);
      const canTakeBack = moves === null && after.next.includes("mistake");
      toast(
        saidOf(after, meant),
        canTakeBack
          ? async () => {
              await backend.stepVisit(after.id, after.status, { kind: "mistake" });
              await refreshRows(client);
            }
          : undefined,
        after.hasSlip
          ? {
              label: messages.day.slip,
              name: stepName(messages.day.slip, after),
              onTake: () => printSlip(after.id),
            }
          : undefined,
      );
    },
  });
  const change = (part: Partial<BookingForm>) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (save.isPending) return;
    setForm({ ...form, ...part });
    save.reset();
  };
  const text = (name: "day" | "time" | "reason", maxLength: number) => ({
    size: "lg" as const,
    label: words[name],
    maxLength,
    autoComplete: "off",
    value: form[name],
    onChange: (event: ChangeEvent<HTMLInputElement>) => change({ [name]: event.currentTarget.value }),
  });
  const token = form.isHere && !read.error ? read.data?.token : null;
  return (
    <TypedDialog label={title} isTyped={isTyped} isSaving={save.isPending} onClose={onClose}>
      <form
        className={classes.form}
        data-testid="booking-form"
        noValidate
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault();
          // Said with the call, it closes no other dialog that was opened meanwhile.
          if (!save.isPending) save.mutate(sent, { onSuccess: onClose });
        }}
      >
        <h2>{title}</h2>
        <fieldset className={classes.when}>
          <legend>{words.when}</legend>
          <div className={choices.choices}>
            {[true, false].map((isHere) => (
              <label key={String(isHere)} className={choices.choice}>
                <input
                  type="radio"
                  name="booking-when"
                  checked={form.isHere === isHere}
                  data-autofocus={initial.isHere && isHere ? "" : undefined}
                  onChange={() => change({ isHere })}
                />
                {isHere ? words.isHere : words.toCome}
              </label>
            ))}
          </div>
        </fieldset>
        <NativeSelect
          size="lg"
          label={words.doctor}
          value={form.doctorId}
          data={doctors.map(({ doctorId, name }) => ({ value: doctorId, label: name }))}
          onChange={(event) => change({ doctorId: event.currentTarget.value })}
        />
        {!form.isHere && (
          <div className={classes.two}>
            <TextInput
              {...text("day", 40)}
              placeholder={words.dayHint}
              data-autofocus={moved === null && firstDay !== "" ? undefined : ""}
            />
            <TextInput
              {...text("time", 40)}
              placeholder={words.timeHint}
              data-autofocus={firstDay === null ? undefined : ""}
            />
          </div>
        )}
        {!form.isHere && (
          <div role="status" className={classes.taken} data-testid="booking-taken">
            {day.data && <Taken times={day.data.taken} />}
          </div>
        )}
        <div role="status" className={classes.echo} data-testid="booking-echo">
          {!save.error && <Echo read={read.data} error={read.error} patient={patient} isHere={form.isHere} />}
        </div>
        <div className={classes.two}>
          <NativeSelect
            size="lg"
            label={words.type}
            value={form.visitType}
            data={types.map((value) => ({ value, label: chart.visitTypes[value] }))}
            onChange={(event) => {
              const visitType = types.find((one) => one === event.currentTarget.value);
              if (visitType) change({ visitType });
            }}
          />
          <label className={`${choices.choice} ${classes.urgent}`}>
            <input
              type="checkbox"
              checked={form.isUrgent}
              onChange={(event) => change({ isUrgent: event.currentTarget.checked })}
            />
            {words.urgent}
          </label>
        </div>
        <TextInput {...text("reason", 500)} />
        {save.error && <Problem error={save.error} />}
        <div className={classes.actions}>
          <Button type="submit" size="lg" loading={save.isPending}>
            {form.isHere && moved === null
              ? token
                ? words.giveToken(token)
                : words.give
              : moved
                ? words.move
                : words.book}
          </Button>
          <Button variant="default" size="lg" disabled={save.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}

/** `Mon 30 Nov 2026, 11:20` */
const whenOf = ({ day, time }: Pick<BookingRead, "day" | "time">) =>
  time === null
    ? messages.booking.readNoTime(dayWithWeekday(day))
    : messages.booking.read(dayWithWeekday(day), time);

/** Of whoever is here, the token is said; of others, for when they are booked. */
function saidOf({ patient, token }: Booking, read: BookingRead | null): string {
  const { booking } = messages;
  return read ? booking.done(patient.fullName, whenOf(read)) : booking.given(patient.fullName, token ?? "");
}

function clashOf({ patient, time, token }: Booking, own: PatientSummary): string {
  const { booking } = messages;
  if (patient.id !== own.id) return booking.clash(time ?? "", patient.fullName);
  if (token !== null) return booking.waits(patient.fullName, token);
  return time === null ? booking.booked(patient.fullName) : booking.bookedAt(patient.fullName, time);
}

/** When the doctor has patients that day: what is free lies between. */
function Taken({ times }: { times: TakenTime[] }) {
  const { booking } = messages;
  if (times.length === 0) return <p>{booking.noneTaken}</p>;
  return (
    <p>
      {booking.taken} <Parts parts={times.map(({ from, until }) => `${from}–${until}`)} />
    </p>
  );
}

interface EchoProps {
  read: BookingRead | undefined;
  error: unknown;
  patient: PatientSummary;
  isHere: boolean;
}

/** How the day and the time are understood, or what stands in their way. */
function Echo({ read, error, patient, isHere }: EchoProps) {
  if (error) {
    const { detail } = problemOf(error);
    return (
      <p className={classes.amiss} lang={langOf(detail)}>
        {detail}
      </p>
    );
  }
  if (!read) return null;
  if (read.clash) return <p className={classes.amiss}>{clashOf(read.clash, patient)}</p>;
  if (!isHere) return <p>{whenOf(read)}</p>;
  return read.token === null ? null : <p>{messages.booking.readHere(read.token)}</p>;
}
