import { type FocusEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { isPlain } from "../../app/keymap";
import type { DayVisit } from "../../ipc/bindings/DayVisit";
import type { DayVisits } from "../../ipc/bindings/DayVisits";
import { messages } from "../../messages";
import { wholeDay } from "../../shared/format";
import { PersonName } from "../../shared/Person";
import { Parts } from "../../shared/parts";
import { valueText } from "../review/words";
import classes from "./Week.module.css";

interface Props {
  days: DayVisits[];
  /** The day into which Tab leads, if the focus was in none of what is shown. */
  lookedAt: string | null;
  /** Whether each visit says with whom it is. */
  hasDoctors: boolean;
  /** The focus comes into another day. */
  onLook: (date: string) => void;
  onOpenDay: (date: string) => void;
  onOpen: (patientId: string) => void;
}

/** The days as columns: ← and → go from day to day, ↑ and ↓ through one, and Tab leads into them once. */
export function WeekDays({ days, lookedAt, hasDoctors, onLook, onOpenDay, onOpen }: Props) {
  const grid = useRef<HTMLDivElement>(null);
  /** What has the focus, and where it stands. */
  const held = useRef<{ id: string; column: number; row: number } | null>(null);
  const [active, setActive] = useState<string | null>(null);
  const all = days.flatMap(({ date, visits }) => [date, ...visits.map(({ booking }) => booking.id)]);
  const tabbed = [active, lookedAt].find((id) => id !== null && all.includes(id)) ?? all[0];

  const columns = () =>
    [...(grid.current?.querySelectorAll<HTMLElement>("[data-day]") ?? [])].map((column) => [
      ...column.querySelectorAll<HTMLElement>("[data-stop]"),
    ]);
  const placeOf = (stop: Element | null) => {
    const found = columns();
    const column = found.findIndex((stops) => stops.some((one) => one === stop));
    return { column, row: found[column]?.findIndex((one) => one === stop) ?? -1 };
  };
  const at = (column: number, row: number) => {
    const stops = columns()[column];
    return stops?.[Math.min(row, stops.length - 1)];
  };

  // With another week, or when somebody else moves a visit, the focus stays in its place.
  useLayoutEffect(() => {
    if (!held.current || document.activeElement !== document.body) return;
    const { id, column, row } = held.current;
    const same = columns()
      .flat()
      .find((stop) => stop.dataset["stop"] === id);
    (same ?? at(column, row))?.focus();
  });
  // From nowhere, the arrows lead into the days.
  useEffect(() => {
    const enter = (event: globalThis.KeyboardEvent) => {
      const { activeElement } = document;
      const isNowhere = activeElement === document.body || activeElement?.tagName === "MAIN";
      if (!isNowhere || !isPlain(event) || !["ArrowDown", "ArrowRight"].includes(event.key)) return;
      event.preventDefault();
      grid.current?.querySelector<HTMLElement>('[data-stop][tabindex="0"]')?.focus();
    };
    document.addEventListener("keydown", enter);
    return () => document.removeEventListener("keydown", enter);
  }, []);

  const onFocus = ({ target }: FocusEvent) => {
    const stop = target.closest<HTMLElement>("[data-stop]");
    const id = stop?.dataset["stop"];
    const date = target.closest<HTMLElement>("[data-day]")?.dataset["day"];
    if (!stop || id === undefined || date === undefined) return;
    held.current = { id, ...placeOf(stop) };
    setActive(id);
    if (date !== lookedAt) onLook(date);
  };
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    const isElsewhere = relatedTarget && !grid.current?.contains(relatedTarget);
    // A dialog above it gives the focus back.
    if (isElsewhere && !relatedTarget.closest("dialog")) held.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isPlain(event) || event.shiftKey || event.defaultPrevented) return;
    const { column, row } = placeOf(document.activeElement);
    if (column < 0) return;
    const last = Number.MAX_SAFE_INTEGER;
    const next = {
      ArrowDown: () => at(column, row + 1),
      ArrowUp: () => at(column, Math.max(row - 1, 0)),
      ArrowRight: () => at(column + 1, row),
      ArrowLeft: () => at(column - 1, row),
      Home: () => at(column, 0),
      End: () => at(column, last),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next()?.focus();
  };

  const { week } = messages;
  return (
    <div
      ref={grid}
      role="group"
      aria-label={week.show}
      className={classes.days}
      data-testid="week-days"
      onFocus={onFocus}
      onBlur={onBlur}
      onKeyDown={onKeyDown}
    >
      {days.map(({ date, isToday, isOver, visits, hasMore }) => (
        <section
          key={date}
          className={`${classes.day} ${isOver ? classes.isOver : ""}`}
          aria-label={wholeDay(date)}
          data-day={date}
        >
          <header>
            <h2>
              <button
                type="button"
                className={classes.heading}
                data-stop={date}
                tabIndex={date === tabbed ? 0 : -1}
                onClick={() => onOpenDay(date)}
              >
                {wholeDay(date)}
              </button>
            </h2>
            <p>
              <Parts
                parts={[
                  isToday ? week.today : isOver ? week.past : null,
                  visits.length > 0 && !hasMore ? week.count(visits.length) : null,
                  visits.length === 0 && !hasMore ? (isOver ? week.wasNone : week.none) : null,
                ]}
              />
            </p>
            {hasMore && <p className={classes.notAll}>{week.notAll}</p>}
          </header>
          {visits.length > 0 && (
            <ul>
              {visits.map((visit) => (
                <Line
                  key={visit.booking.id}
                  visit={visit}
                  hasDoctor={hasDoctors}
                  isActive={visit.booking.id === tabbed}
                  onOpen={() => onOpen(visit.booking.patient.id)}
                />
              ))}
            </ul>
          )}
        </section>
      ))}
    </div>
  );
}

interface LineProps {
  visit: DayVisit;
  hasDoctor: boolean;
  isActive: boolean;
  onOpen: () => void;
}

/** A visit: when, who, with whom, and how far it has come. */
function Line({ visit: { booking, doctor }, hasDoctor, isActive, onOpen }: LineProps) {
  const { id, patient, time, token, status, isUrgent } = booking;
  const { day } = messages;
  const isOpen = ["booked", "confirmed", "arrived", "in_consultation"].includes(status);
  return (
    <li className={isOpen ? undefined : classes.ended}>
      <button
        type="button"
        className={`${classes.visit} ${status === "in_consultation" ? classes.withDoctor : ""}`}
        data-stop={id}
        tabIndex={isActive ? 0 : -1}
        onClick={onOpen}
      >
        {time ? <time className={classes.time}>{time}</time> : <span>{token ?? day.noTime}</span>}{" "}
        <PersonName patient={patient} />{" "}
        {isUrgent && isOpen && <span className={classes.urgent}>{day.urgent}</span>}{" "}
        <span className={classes.small}>
          <Parts parts={[hasDoctor ? doctor : null, status === "booked" ? null : valueText(status)]} />
        </span>
      </button>
    </li>
  );
}
