import type { PatientForm } from "../../ipc/bindings/PatientForm";
import { messages } from "../../messages/en";

/** The form as typed: everything is text until it is sent. */
export interface TypedForm
  extends Omit<PatientForm, "dateOfBirth" | "ageYears" | "ageMonths" | "guardianRelation"> {
  dateOfBirth: string;
  ageYears: string;
  ageMonths: string;
  guardianRelation: string;
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
};

/** A form that begins with what was typed in the finder: a number, or a name. */
export function formFromTyped(typed: string): TypedForm {
  const text = typed.trim();
  if (/^[+\d][\d\s-]*$/.test(text)) return { ...emptyForm, mobileNumber: text };
  const [first = "", ...rest] = text.split(/\s+/);
  return { ...emptyForm, firstName: first, lastName: rest.join(" ") };
}

export function typedFromForm(form: PatientForm): TypedForm {
  return {
    ...form,
    dateOfBirth: form.dateOfBirth ?? "",
    ageYears: form.ageYears === null ? "" : String(form.ageYears),
    ageMonths: form.ageMonths === null ? "" : String(form.ageMonths),
    guardianRelation: form.guardianRelation ?? "",
  };
}

export type FormProblems = Partial<Record<keyof TypedForm, string>>;

function count(text: string, most: number): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text);
  return Number.isInteger(value) && value >= 0 && value <= most ? value : undefined;
}

/** The form to send, or what must be put right first. */
export function readForm(typed: TypedForm): { form: PatientForm } | { problems: FormProblems } {
  const { patient } = messages;
  const ageYears = count(typed.ageYears, 130);
  const ageMonths = count(typed.ageMonths, 11);
  const problems: FormProblems = {};
  if (typed.firstName.trim() === "") problems.firstName = patient.firstNameNeeded;
  if (ageYears === undefined) problems.ageYears = patient.wholeYears;
  if (ageMonths === undefined) problems.ageMonths = patient.wholeMonths;
  if (typed.dateOfBirth !== "" && (typed.ageYears !== "" || typed.ageMonths !== "")) {
    problems.dateOfBirth = patient.ageOnce;
  }
  if (Object.keys(problems).length > 0 || ageYears === undefined || ageMonths === undefined)
    return { problems };
  return {
    form: {
      ...typed,
      dateOfBirth: typed.dateOfBirth || null,
      guardianRelation: typed.guardianRelation || null,
      ageYears,
      ageMonths,
    },
  };
}
