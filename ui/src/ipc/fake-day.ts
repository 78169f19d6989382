import type { Backend } from "./backend";
import type { Booking } from "./bindings/Booking";
import type { BookingForm } from "./bindings/BookingForm";
import type { BookingRead } from "./bindings/BookingRead";
import type { CommandError } from "./bindings/CommandError";
import type { Day } from "./bindings/Day";
import type { DayVisits } from "./bindings/DayVisits";
import type { DoctorDay } from "./bindings/DoctorDay";
import type { FollowUps } from "./bindings/FollowUps";
import type { FollowUpDays } from "./bindings/FollowUpDays";
import type { Step } from "./bindings/Step";
import type { StepKind } from "./bindings/StepKind";
import type { TakenTime } from "./bindings/TakenTime";
import type { Around, FakeClinic } from "./fake-clinic";
import { type Answer, today } from "./fake-data";

type Commands = Pick<
  Backend,
  | "getDay"
  | "getDays"
  | "listFollowUps"
  | "readBooking"
  | "bookVisit"
  | "stepVisit"
  | "nextPatient"
  | "tokenSlip"
  | "printSlip"
>;

const doctors = [
  { doctorId: "d1", name: "Dr. Anjali Kulkarni" },
  { doctorId: "d2", name: "Dr. Vikram Shah" },
];

/** Somebody who is here, without more words. */
export const walkIn: BookingForm = {
  doctorId: "d1",
  day: "",
  time: "",
  visitType: "follow_up",
  isUrgent: false,
  reason: "",
  isHere: true,
  wasAsked: false,
};

type Kept = Omit<Booking, "next" | "hasSlip"> & { doctorId: string; day: string; number: number };

function refuse(detail: string): never {
  throw { code: "invalid", detail } satisfies CommandError;
}

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

const two = (part: number) => String(part).padStart(2, "0");

function takenFrom(time: string): TakenTime {
  const until = minutesOf(time) + 10;
  return { from: time, until: `${two(Math.floor(until / 60))}:${two(until % 60)}` };
}

const later = (day: string, days: number) => {
  const noon = new Date(`${day}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + days);
  return noon.toISOString().slice(0, 10);
};

function readDay(typed: string): string {
  if (typed.trim() === "") return today();
  const after = /^(\d+)([dw])$/.exec(typed.trim());
  if (after) return later(today(), Number(after[1]) * (after[2] === "w" ? 7 : 1));
  const written = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(typed.trim());
  if (!written) refuse(`“${typed}” is not a day. Type 5d, 2w or 28/11/2026.`);
  return `${written[3]}-${written[2]}-${written[1]}`;
}

function readTime(typed: string): string | null {
  if (typed.trim() === "") return null;
  const read = /^(\d{1,2})[:.]?(\d\d)$/.exec(typed.trim());
  if (!read) refuse(`“${typed}” is not a time. Type 9:30 or 0930.`);
  return `${(read[1] ?? "").padStart(2, "0")}:${read[2]}`;
}

/** What may follow, in the order of use. */
function nextOf({ status, day }: Kept): StepKind[] {
  const isToday = day === today();
  switch (status) {
    case "booked":
      return isToday
        ? ["arrive", "confirm", "move", "miss", "cancel", "mistake"]
        : ["confirm", "move", "cancel", "mistake"];
    case "confirmed":
      return isToday ? ["arrive", "move", "miss", "cancel", "mistake"] : ["move", "cancel", "mistake"];
    case "arrived":
      return ["call", "start", "finish", "leave", "mistake"];
    case "in_consultation":
      return ["finish", "mistake"];
    case "completed":
      return ["reopen", "mistake"];
    case "no_show":
    case "cancelled":
      return isToday ? ["arrive", "mistake"] : ["mistake"];
    default:
      return ["mistake"];
  }
}

function shown(one: Kept): Booking {
  const { doctorId: _doctor, day: _day, number: _number, ...booking } = one;
  const hasSlip = one.status === "arrived" && one.token !== null && one.day === today();
  return { ...booking, hasSlip, next: nextOf(one) };
}

/** Whom a doctor asked to come again, and in how many days. */
const askedToCome = [
  { patientId: "p4", doctorId: "d2", days: -20 },
  { patientId: "p4", doctorId: "d1", days: -5 },
  { patientId: "p1", doctorId: "d1", days: 2 },
  { patientId: "p2", doctorId: "d2", days: 20 },
];

const daysOf: Record<FollowUpDays, [from: number, to: number]> = {
  around: [-14, 7],
  overdue: [-60, -1],
  week: [0, 7],
  month: [0, 30],
};

const now = () => new Date().toISOString();
const isOpen = ({ status }: Kept) => ["booked", "confirmed", "arrived", "in_consultation"].includes(status);

/** The visits of the fake clinic, day by day; the tokens of slips go to the printer. */
export function fakeDay(
  answer: Answer,
  { patientOf }: FakeClinic,
  { signedIn, record }: Around,
  printed: string[],
): Commands {
  const visits: Kept[] = [];
  const mustLive = (patientId: string, nothing: string) => {
    if (patientOf(patientId).summary.died !== null)
      refuse(
        `This patient is marked as deceased. If that is wrong, correct it in their chart first. ${nothing}`,
      );
  };
  const isDoctor = () => signedIn()?.roles.some((role) => role === "doctor" || role === "dentist") ?? false;
  const nextNumber = (day: string) =>
    1 + Math.max(0, ...visits.filter((one) => one.day === day).map((one) => one.number));

  const give = (one: Kept) => {
    if (one.token === null) one.number = nextNumber(one.day);
    one.token ??= `A-${one.number}`;
    one.status = "arrived";
    one.arrivedAt = now();
  };

  const read = (patientId: string, form: BookingForm, moves: string | null): BookingRead => {
    mustLive(patientId, "Nothing was booked.");
    const day = form.isHere ? today() : readDay(form.day);
    const time = form.isHere ? null : readTime(form.time);
    if (day < today()) refuse("This day is over. Choose today or a day to come; nothing was booked.");
    const others = visits.filter(
      (one) => one.id !== moves && one.day === day && one.doctorId === form.doctorId && isOpen(one),
    );
    const clash = others.find(
      (one) =>
        one.patient.id === patientId ||
        (time !== null && one.time !== null && Math.abs(minutesOf(one.time) - minutesOf(time)) < 10),
    );
    return {
      day,
      time,
      minutes: 10,
      clash: clash ? shown(clash) : null,
      token: form.isHere ? `A-${nextNumber(day)}` : null,
      taken: form.isHere
        ? []
        : others
            .flatMap(({ time }) => time ?? [])
            .toSorted()
            .map(takenFrom),
    };
  };

  const book = (patientId: string, form: BookingForm, moves: string | null): Kept => {
    const { day, time, minutes, clash } = read(patientId, form, moves);
    if (clash?.patient.id === patientId)
      refuse(`${clash.patient.fullName} has an open visit that day already. Nothing was booked.`);
    if (clash)
      refuse(`Somebody is booked at ${clash.time} already. Choose another time; nothing was booked.`);
    const visit: Kept = {
      id: `b${visits.length + 1}`,
      patient: patientOf(patientId).summary,
      time,
      minutes: time ? minutes : null,
      status: "booked",
      visitType: form.visitType,
      token: null,
      isUrgent: form.isUrgent,
      reason: form.reason.trim() || null,
      arrivedAt: null,
      calledAt: null,
      startedAt: null,
      doctorId: form.doctorId,
      day,
      number: 0,
    };
    if (form.isHere) give(visit);
    visits.push(visit);
    return visit;
  };

  const visitOf = (id: string): Kept =>
    visits.find((one) => one.id === id) ??
    refuse("This visit is not on this computer any more. Nothing was changed.");

  const slipOf = (id: string): Kept => {
    const one = visitOf(id);
    if (one.token === null && isOpen(one)) refuse("This visit has no token yet. Nothing was printed.");
    if (!shown(one).hasSlip) refuse("This patient does not wait here now. Nothing was printed.");
    return one;
  };

  const move = (one: Kept, step: Step): Kept => {
    if (!nextOf(one).includes(step.kind === "call_first" ? "call" : step.kind))
      refuse("That is not possible with this visit. Nothing was changed.");
    switch (step.kind) {
      case "confirm":
        one.status = "confirmed";
        break;
      case "arrive":
        mustLive(one.patient.id, "Nothing was changed.");
        give(one);
        break;
      case "call":
      case "call_first":
        one.calledAt = now();
        break;
      case "start":
      case "reopen":
        one.status = "in_consultation";
        one.startedAt = now();
        break;
      case "finish":
        one.status = "completed";
        break;
      case "leave":
        one.status = "left_without_seen";
        break;
      case "miss":
        one.status = "no_show";
        break;
      case "cancel":
        one.status = "cancelled";
        break;
      case "mistake":
        one.status = "entered_in_error";
        break;
      case "move": {
        const taken = book(one.patient.id, step.form, one.id);
        one.status = "rescheduled";
        return taken;
      }
    }
    return one;
  };

  const dayOf = (date: string): Day => ({
    date,
    isToday: date === today(),
    hasMore: false,
    doctors: doctors.map(({ doctorId, name }): DoctorDay => {
      const of = (...states: string[]) =>
        visits
          .filter((one) => one.day === date && one.doctorId === doctorId && states.includes(one.status))
          .map((one) => ({ ...shown(one), patient: patientOf(one.patient.id).summary }));
      return {
        doctorId,
        name,
        isOwn: isDoctor() && doctorId === "d1",
        withDoctor: of("in_consultation"),
        waiting: of("arrived").toSorted((a, b) => Number(b.isUrgent) - Number(a.isUrgent)),
        booked: of("booked", "confirmed").toSorted((a, b) => (a.time ?? "99").localeCompare(b.time ?? "99")),
        over: of("completed", "left_without_seen", "no_show", "cancelled", "rescheduled"),
      };
    }),
  });

  const due = (choice: FollowUpDays): FollowUps => {
    const [from, to] = daysOf[choice];
    const isSettled = (one: (typeof askedToCome)[number]) =>
      visits.some(
        (visit) =>
          visit.patient.id === one.patientId &&
          visit.doctorId === one.doctorId &&
          (isOpen(visit) || visit.status === "completed"),
      );
    const people = askedToCome
      .filter((one) => from <= one.days && one.days <= to && !isSettled(one))
      .map(({ patientId, doctorId, days }) => ({
        patient: patientOf(patientId).summary,
        dueOn: later(today(), days),
        days,
        doctorId,
        doctorName: doctors.find((doctor) => doctor.doctorId === doctorId)?.name ?? "",
      }));
    return { people, hasMore: false };
  };

  const visitsOf = (date: string, doctorId: string | null): DayVisits => ({
    date,
    isToday: date === today(),
    isOver: date < today(),
    hasMore: false,
    visits: visits
      .filter((one) => one.day === date && (doctorId === null || one.doctorId === doctorId))
      .filter(({ status }) => !["cancelled", "rescheduled", "entered_in_error"].includes(status))
      .toSorted((a, b) => (a.time ?? "99").localeCompare(b.time ?? "99"))
      .map((one) => ({
        doctor: doctors.find(({ doctorId }) => doctorId === one.doctorId)?.name ?? "",
        booking: { ...shown(one), patient: patientOf(one.patient.id).summary },
      })),
  });

  return {
    listFollowUps: (choice) => answer("listFollowUps", () => due(choice)),
    getDays: (from, days, doctorId) =>
      answer("getDays", () => ({
        doctors,
        days: Array.from({ length: days }, (_, after) => visitsOf(later(from ?? today(), after), doctorId)),
      })),
    getDay: (date) => answer("getDay", () => dayOf(date ?? today())),
    readBooking: (patientId, form, moves) => answer("readBooking", () => read(patientId, form, moves)),
    bookVisit: (patientId, form) =>
      answer("bookVisit", () => {
        const visit = book(patientId, form, null);
        record("Visit booked", visit.patient);
        return shown(visit);
      }),
    stepVisit: (id, seen, step) =>
      answer("stepVisit", () => {
        if (visitOf(id).status !== seen)
          refuse("This visit has changed meanwhile. Look at the day again. Nothing was changed.");
        const visit = move(visitOf(id), step);
        record("Visit changed", visit.patient);
        return shown(visit);
      }),
    tokenSlip: (id) => answer("tokenSlip", () => [[`<svg>${slipOf(id).token}</svg>`], 92.5, null]),
    printSlip: (id) => answer("printSlip", () => void printed.push(slipOf(id).token ?? "")),
    nextPatient: () =>
      answer("nextPatient", () => {
        const { withDoctor, waiting } = dayOf(today()).doctors[0] ?? { withDoctor: [], waiting: [] };
        const first = waiting.find((one) => one.calledAt) ?? waiting[0];
        if (!first) refuse("Nobody waits for you.");
        const finished = withDoctor.map(({ id }) => shown(move(visitOf(id), { kind: "finish" })));
        const started = shown(move(visitOf(first.id), { kind: "start" }));
        record("Next patient", started.patient);
        return { finished, started };
      }),
  };
}
