import type { AllergyForm } from "../../ipc/bindings/AllergyForm";
import { messages } from "../../messages";

/** `anaphylaxis, severe`; empty if nobody wrote more than the substance. */
export function allergyDetails(form: AllergyForm): string {
  const found = Object.entries(messages.known.severities).find(([name]) => name === form.severity);
  return [form.reaction, found?.[1].toLowerCase() ?? ""].filter(Boolean).join(", ");
}

export const statusTag = (status: string): string =>
  Object.entries(messages.known.statusTags).find(([name]) => name === status)?.[1] ?? status;
