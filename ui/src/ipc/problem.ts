import { type Language, language, messages } from "../messages";
import type { CommandError } from "./bindings/CommandError";

function isCommandError(error: unknown): error is CommandError {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "string" &&
    "detail" in error &&
    typeof error.detail === "string"
  );
}

/** In which language the program around the window said this: what has no Hindi yet stays English. */
export const langOf = (said: string): Language => (/[\u0900-\u097F]/.test(said) ? "hi" : "en");

/** What a rejected command says, whatever it was rejected with, in the window's language if there is a sentence in it. */
export function problemOf(error: unknown): CommandError {
  if (!isCommandError(error)) return { code: "internal", detail: messages.common.unknownProblem };
  return language === "hi" && error.hindi ? { ...error, detail: error.hindi } : error;
}
