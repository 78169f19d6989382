import { useNavigate } from "@tanstack/react-router";
import { type FocusEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { isPlain, useKeys } from "../../app/keymap";
import type { Booking } from "../../ipc/bindings/Booking";
import type { Day } from "../../ipc/bindings/Day";
import type { DoctorDay } from "../../ipc/bindings/DoctorDay";
import { messages } from "../../messages";
import { Parts } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import type { Moved } from "../booking/BookingDialog";
import { usePrintSlip } from "../slip/SlipProvider";
import classes from "./Queue.module.css";
import { type Place, QueueRow } from "./QueueRow";
import { type Steps, useSteps } from "./useSteps";

/** Everybody who has a visit with this doctor that day. */
export const visitsOf = ({ withDoctor, waiting, booked, over }: DoctorDay) => [
  ...withDoctor,
  ...waiting,
  ...booked,
  ...over,
];

/** The day of the clinic, with a column for each doctor who has visits. */
export function Queue({ day, onMove }: { day: Day; onMove: (moved: Moved) => void }) {
  const queue = useRef<HTMLDivElement>(null);
  const steps = useSteps();
  const printSlip = usePrintSlip();
  const toast = useToast();
  const columns = day.doctors.filter((doctor) => visitsOf(doctor).length > 0);
  useKeys({
    callToken: () => {
      const focused = document.activeElement?.closest<HTMLElement>("[data-doctor]")?.dataset["doctor"];
      const column = columns.find(({ doctorId, waiting }) =>
        focused === undefined ? waiting.length > 0 : doctorId === focused,
      );
      const callable = column?.waiting.filter(({ next }) => next.includes("call")) ?? [];
      const first = callable.find(({ calledAt }) => calledAt === null) ?? callable[0];
      if (first) steps.take(first, { kind: "call_first" });
      else toast(messages.day.noneToCall);
    },
    slip: () => {
      const marked = document.activeElement?.closest<HTMLElement>("[data-visit]")?.dataset["visit"];
      if (marked === undefined) toast(messages.day.noneMarked);
      else printSlip(marked);
    },
  });
  // From nowhere, the arrows lead into the first column.
  useEffect(() => {
    const enter = (event: globalThis.KeyboardEvent) => {
      const { activeElement } = document;
      const isNowhere = activeElement === document.body || activeElement?.tagName === "MAIN";
      if (!isNowhere || !isPlain(event) || event.key !== "ArrowDown") return;
      event.preventDefault();
      queue.current?.querySelector<HTMLElement>("[data-stop]")?.focus();
    };
    document.addEventListener("keydown", enter);
    return () => document.removeEventListener("keydown", enter);
  }, []);
  return (
    <div ref={queue} className={classes.queue} data-testid="queue">
      {columns.map((doctor) => (
        <Column
          key={doctor.doctorId}
          doctor={doctor}
          isToday={day.isToday}
          steps={steps}
          onMove={(booking) => onMove({ booking, doctorId: doctor.doctorId, date: day.date })}
        />
      ))}
    </div>
  );
}

interface ColumnProps {
  doctor: DoctorDay;
  isToday: boolean;
  steps: Steps;
  onMove: (booking: Booking) => void;
}

function Column({ doctor, isToday, steps, onMove }: ColumnProps) {
  const navigate = useNavigate();
  const column = useRef<HTMLElement>(null);
  /** Which visit has the focus, and where it stands. */
  const held = useRef<{ id: string; at: number } | null>(null);
  const [active, setActive] = useState<string | null>(null);
  /** Null until somebody folds it or unfolds it. */
  const [isUnfolded, setUnfolded] = useState<boolean | null>(null);
  const { withDoctor, waiting, booked, over } = doctor;
  const { day } = messages;
  // Why a step was refused stays in sight, also if the visit was over meanwhile.
  const isRefused = over.some((booking) => steps.errorOf(booking) !== null);
  const isOverOpen = isUnfolded ?? isRefused;
  const shown = [...withDoctor, ...waiting, ...booked, ...(isOverOpen ? over : [])];
  const tabbed = shown.some(({ id }) => id === active) ? active : (shown[0]?.id ?? null);

  const rows = () => [...(column.current?.querySelectorAll<HTMLElement>("[data-visit]") ?? [])];
  const stops = () => [...(column.current?.querySelectorAll<HTMLElement>("[data-stop]") ?? [])];
  // Who goes from one list into another takes the focus along; where they are folded away, the next has it.
  useLayoutEffect(() => {
    if (!held.current || document.activeElement !== document.body) return;
    const { id, at } = held.current;
    const same = rows().find((row) => row.dataset["visit"] === id);
    const all = stops();
    (same?.querySelector<HTMLElement>("[data-stop]") ?? all[Math.min(at, all.length - 1)])?.focus();
  });
  const onFocus = ({ target }: FocusEvent) => {
    const row = target.closest<HTMLElement>("[data-visit]");
    const id = row?.dataset["visit"];
    if (!row || id === undefined) return;
    held.current = { id, at: rows().indexOf(row) };
    setActive(id);
  };
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    const isElsewhere = relatedTarget && !column.current?.contains(relatedTarget);
    // A dialog above it gives the focus back.
    if (isElsewhere && !relatedTarget.closest("dialog")) held.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isPlain(event) || event.defaultPrevented || !(event.target instanceof HTMLElement)) return;
    const all = stops();
    const row = event.target.closest("[data-visit]");
    const now = all.findIndex((stop) => stop === event.target || (row?.contains(stop) ?? false));
    const next = {
      ArrowDown: all[now + 1],
      ArrowUp: all[now - 1],
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  const list = (place: Place, bookings: Booking[]) => (
    <ul aria-label={place === "over" ? day.overList : day[place]}>
      {bookings.map((booking) => (
        <QueueRow
          key={booking.id}
          booking={booking}
          place={place}
          isActive={booking.id === tabbed}
          isToday={isToday}
          steps={steps}
          onOpen={() =>
            void navigate({ to: "/patients/$patientId", params: { patientId: booking.patient.id } })
          }
          onMove={() => onMove(booking)}
        />
      ))}
    </ul>
  );
  const seen = over.filter(({ status }) => status === "completed").length;
  return (
    <section
      ref={column}
      className={classes.column}
      aria-label={doctor.name}
      data-doctor={doctor.doctorId}
      onFocus={onFocus}
      onBlur={onBlur}
      onKeyDown={onKeyDown}
    >
      <header>
        <h2>{doctor.name}</h2>
        <p>
          <Parts
            parts={[
              `${waiting.length} ${day.count.waiting}`,
              booked.length > 0 ? `${booked.length} ${day.count.booked}` : null,
              `${seen} ${day.count.seen}`,
            ]}
          />
        </p>
      </header>
      {withDoctor.length > 0 && list("withDoctor", withDoctor)}
      {waiting.length > 0 && list("waiting", waiting)}
      {booked.length > 0 && (
        <>
          <h3>{day.booked}</h3>
          {list("booked", booked)}
        </>
      )}
      {over.length > 0 && (
        <button
          type="button"
          className={classes.fold}
          data-stop=""
          aria-expanded={isOverOpen}
          onClick={() => setUnfolded(isOverOpen && !isRefused ? null : !isOverOpen)}
        >
          {day.over(over.length)}
        </button>
      )}
      {isOverOpen && over.length > 0 && list("over", over)}
    </section>
  );
}
