import type { PatientForm } from "../../ipc/bindings/PatientForm";
import { messages } from "../../messages";

/** The form as typed: everything is text until it is sent. */
export interface TypedForm
  extends Omit<
    PatientForm,
    | "dateOfBirth"
    | "ageYears"
    | "ageMonths"
    | "guardianRelation"
    | "preferredLanguage"
    | "pregnancyStatus"
    | "lmpDate"
    | "died"
  > {
  dateOfBirth: string;
  ageYears: string;
  ageMonths: string;
  guardianRelation: string;
  preferredLanguage: string;
  pregnancyStatus: string;
  lmpDate: string;
  hasDied: boolean;
  /** Counts for nothing while nobody is marked as deceased. */
  diedOn: string;
}

export const emptyForm: TypedForm = {
  mobileNumber: "",
  firstName: "",
  lastName: "",
  sex: "unknown",
  dateOfBirth: "",
  ageYears: "",
  ageMonths: "",
  guardianRelation: "",
  guardianName: "",
  addressLine: "",
  city: "",
  allergyStatus: "unknown",
  alerts: "",
  bloodGroup: "unknown",
  preferredLanguage: "",
  pregnancyStatus: "",
  lmpDate: "",
  allergies: [],
  hasDied: false,
  diedOn: "",
};

/** A form that begins with what was typed in the finder: a number, or a name. */
export function formFromTyped(typed: string): TypedForm {
  const text = typed.trim();
  // A number that is copied from a chat or an address book brings marks that nobody sees. In a name they stay.
  const number = typed.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069]/g, "").trim();
  if (/^[+\d][\d\s-]*$/.test(number)) return { ...emptyForm, mobileNumber: number };
  const [first = "", ...rest] = text.split(/\s+/);
  return { ...emptyForm, firstName: first, lastName: rest.join(" ") };
}

export function typedFromForm({ died, ...form }: PatientForm): TypedForm {
  return {
    ...form,
    hasDied: died !== null,
    diedOn: typedDay(died?.on ?? ""),
    dateOfBirth: typedDay(form.dateOfBirth ?? ""),
    ageYears: form.ageYears === null ? "" : String(form.ageYears),
    ageMonths: form.ageMonths === null ? "" : String(form.ageMonths),
    guardianRelation: form.guardianRelation ?? "",
    preferredLanguage: form.preferredLanguage ?? "",
    pregnancyStatus: form.pregnancyStatus ?? "",
    lmpDate: typedDay(form.lmpDate ?? ""),
  };
}

/** `1972-08-14` of `14/8/1972`, day before month; undefined when it is no day. */
export function readDay(text: string): string | undefined {
  const found = /^(\d{1,2})[\s./-](\d{1,2})[\s./-](\d{4})$/.exec(text.trim());
  if (!found) return undefined;
  const [, day = "", month = "", year = ""] = found;
  const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : undefined;
}

const typedDay = (iso: string) => iso.split("-").toReversed().join("/");

export type FormProblems = Partial<Record<keyof TypedForm, string>>;

function count(text: string, most: number): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text);
  return Number.isInteger(value) && value >= 0 && value <= most ? value : undefined;
}

/** The form to send, or what must be put right first. */
export function readForm({
  hasDied,
  diedOn,
  ...typed
}: TypedForm): { form: PatientForm } | { problems: FormProblems } {
  const { patient } = messages;
  const ageYears = count(typed.ageYears, 130);
  const ageMonths = count(typed.ageMonths, 11);
  const problems: FormProblems = {};
  if (typed.firstName.trim() === "") problems.firstName = patient.firstNameNeeded;
  if (ageYears === undefined) problems.ageYears = patient.wholeYears;
  if (ageMonths === undefined) problems.ageMonths = patient.wholeMonths;
  const dateOfBirth = typed.dateOfBirth.trim() === "" ? null : readDay(typed.dateOfBirth);
  if (dateOfBirth === undefined) problems.dateOfBirth = patient.dayNotUnderstood;
  // Of a man it is not asked, and what was typed before that was said stands out of sight.
  const isAsked = typed.sex !== "male";
  const lmpDate = !isAsked || typed.lmpDate.trim() === "" ? null : readDay(typed.lmpDate);
  if (lmpDate === undefined) problems.lmpDate = patient.dayNotUnderstood;
  const died = !hasDied || diedOn.trim() === "" ? null : readDay(diedOn);
  if (died === undefined) problems.diedOn = patient.dayNotUnderstood;
  if (typed.dateOfBirth.trim() !== "" && (typed.ageYears !== "" || typed.ageMonths !== "")) {
    problems.dateOfBirth = patient.ageOnce;
  }
  const isUnread =
    ageYears === undefined ||
    ageMonths === undefined ||
    dateOfBirth === undefined ||
    lmpDate === undefined ||
    died === undefined;
  if (isUnread || Object.keys(problems).length > 0) return { problems };
  return {
    form: {
      ...typed,
      dateOfBirth,
      guardianRelation: typed.guardianRelation || null,
      preferredLanguage: typed.preferredLanguage || null,
      pregnancyStatus: (isAsked && typed.pregnancyStatus) || null,
      lmpDate,
      allergies:
        typed.allergyStatus === "has_allergies"
          ? typed.allergies.filter(({ substance, reaction }) => `${substance}${reaction}`.trim() !== "")
          : [],
      ageYears,
      ageMonths,
      died: hasDied ? { on: died } : null,
    },
  };
}
