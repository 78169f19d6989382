const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const timeWithSeconds = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "2-digit",
  month: "short",
  year: "numeric",
});
const longDay = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

function dayOf(isoDay: string): Date {
  return new Date(`${isoDay.slice(0, 10)}T12:00:00`);
}

/** `10:41` */
export const shortTime = (instant: string) => time.format(new Date(instant));
/** `10:41:08` */
export const longTime = (instant: string) => timeWithSeconds.format(new Date(instant));
/** `23 Nov 2026` */
export const shortDay = (isoDay: string) => day.format(dayOf(isoDay)).replace("Sept", "Sep");
/** `Mon 23 Nov 2026` */
export const dayWithWeekday = (isoDay: string) =>
  weekday.format(dayOf(isoDay)).replace("Sept", "Sep").replace(",", "");
/** `Monday 23 November` */
export const wholeDay = (isoDay: string) => longDay.format(dayOf(isoDay)).replace(",", "");
/** `10:41` today, else `22 Nov 2026 10:41`. */
export function timeOrDay(instant: string): string {
  const date = new Date(instant);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? shortTime(instant) : `${day.format(date).replace("Sept", "Sep")} ${time.format(date)}`;
}

/** `+91 98204 41276` */
export function mobile(e164: string): string {
  const found = /^\+91(\d{5})(\d{5})$/.exec(e164);
  return found ? `+91 ${found[1]} ${found[2]}` : e164;
}

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
