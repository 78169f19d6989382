import { messages } from "../messages";
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

/** In which language a problem is said: Rust says them in English, whatever the window speaks. */
export const langOf = ({ detail }: CommandError) =>
  detail === messages.common.unknownProblem ? undefined : "en";

/** What a rejected command says, whatever it was rejected with. */
export function problemOf(error: unknown): CommandError {
  return isCommandError(error) ? error : { code: "internal", detail: messages.common.unknownProblem };
}
