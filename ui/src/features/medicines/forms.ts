import { messages } from "../../messages";

/** The forms in which medicines come, as the program names them. */
export const forms = [
  "tablet",
  "capsule",
  "syrup",
  "suspension",
  "drops",
  "injection",
  "cream",
  "ointment",
  "gel",
  "lotion",
  "inhaler",
  "nasal_spray",
  "eye_drops",
  "ear_drops",
  "mouthwash",
  "toothpaste",
  "powder",
  "sachet",
  "suppository",
  "patch",
  "other",
] as const;

/** A form in words; one that only a later program knows stays as it is. */
export function formName(form: string): string {
  const known = forms.find((one) => one === form);
  return known ? messages.medicines.forms[known] : form;
}
