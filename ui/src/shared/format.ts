import type { Died } from "../ipc/bindings/Died";
import type { PatientSummary } from "../ipc/bindings/PatientSummary";
import { language, type Language, messages } from "../messages";

/** Days and times as people of a language write them; digits are Latin everywhere. */
function formatsOf(locale: string) {
  const of = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const date = { day: "2-digit", month: "short", year: "numeric" } as const;
  return {
    time: of({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    timeWithSeconds: of({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    day: of(date),
    weekday: of({ weekday: "short", ...date }),
    longDay: of({ weekday: "long", day: "numeric", month: "long" }),
  };
}

const formats: Record<Language, ReturnType<typeof formatsOf>> = {
  en: formatsOf("en-GB"),
  hi: formatsOf("hi-IN-u-nu-latn"),
};

/** A day is the same everywhere; the day of a moment is that of this computer's clock. */
function dayOf(iso: string): Date {
  return new Date(iso.length > 10 ? iso : `${iso}T12:00:00`);
}

/** `10:41` */
export const shortTime = (instant: string) => formats[language].time.format(new Date(instant));
/** `10:41:08` */
export const longTime = (instant: string) => formats[language].timeWithSeconds.format(new Date(instant));
/** `23 Nov 2026` */
export const shortDay = (isoDay: string) =>
  formats[language].day.format(dayOf(isoDay)).replace("Sept", "Sep");
/** `Mon 23 Nov 2026` */
export const dayWithWeekday = (isoDay: string) =>
  formats[language].weekday.format(dayOf(isoDay)).replace("Sept", "Sep").replace(",", "");
/** `Monday 23 November` */
export const wholeDay = (isoDay: string) => formats[language].longDay.format(dayOf(isoDay)).replace(",", "");
/** The day so many days after that one. */
export function dayAfter(isoDay: string, days: number): string {
  const noon = new Date(`${isoDay}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + days);
  return noon.toISOString().slice(0, 10);
}
/** `10:41` today, else `22 Nov 2026 10:41`. */
export function timeOrDay(instant: string): string {
  const date = new Date(instant);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? shortTime(instant)
    : `${formats[language].day.format(date).replace("Sept", "Sep")} ${formats[language].time.format(date)}`;
}

/** `54 y`, `1 y 3 mo`, `12 d`: an age as the program says it, in the units of the language. */
export function age(said: string): string {
  const units: Record<string, string | undefined> = messages.patient.ageUnits;
  return said.replace(/[a-z]+/g, (unit) => units[unit] ?? unit);
}

/** `Died on 03 May 2026`, or that somebody is marked as deceased; null of the living. */
export function diedText(died: Died | null): string | null {
  if (died === null) return null;
  return died.on === null ? messages.patient.deceased : messages.patient.diedOn(shortDay(died.on));
}

/** `+91 98204 41276` */
export function mobile(e164: string): string {
  const found = /^\+91(\d{5})(\d{5})$/.exec(e164);
  return found ? `+91 ${found[1]} ${found[2]}` : e164;
}

/** What a name is said with where somebody else may have the same: `54 y, F, SUN-0001, +91 98204 41276`. */
export const toldApart = (patient: PatientSummary) =>
  [age(patient.age), patient.sex, patient.patientCode, mobile(patient.mobileNumber)]
    .filter(Boolean)
    .join(", ");

/** `SD` of Sunita Deshmukh. */
export function initials(name: string): string {
  const words = name
    .replace(/^dr\.?\s+/i, "")
    .split(/\s+/)
    .filter(Boolean);
  return `${words[0]?.[0] ?? ""}${words.length > 1 ? (words.at(-1)?.[0] ?? "") : ""}`.toUpperCase();
}

/** What a clinic's name adds to its owner's: of `Asha Dental, Andheri` and `Asha Dental`, `Andheri`. */
export function placeOf(clinicName: string, tenantName: string): string {
  const rest = clinicName.startsWith(tenantName) ? clinicName.slice(tenantName.length) : clinicName;
  return rest.replace(/^[\s,–-]+/, "");
}
