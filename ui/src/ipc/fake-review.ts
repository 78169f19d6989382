import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { Conflict } from "./bindings/Conflict";
import type { RefusedChange } from "./bindings/RefusedChange";
import type { Around } from "./fake-clinic";
import { type Answer, fakeRefused } from "./fake-data";

type Commands = Pick<
  Backend,
  "listRefused" | "settleRefused" | "lookAtRefused" | "correctRefused" | "listConflicts" | "decideConflict"
>;

/** What waits for a decision, and what the server refused. */
export function fakeReview(answer: Answer, { signedIn, record }: Around) {
  const conflicts: Conflict[] = [];
  const refused: RefusedChange[] = [];
  const commands: Commands = {
    listRefused: () => answer("listRefused", () => refused.map((change) => ({ ...change }))),
    settleRefused: (sequence, way, reason) =>
      answer("settleRefused", () => {
        const found = refused.find((change) => change.sequence === sequence);
        if (!found) throw { code: "invalid", detail: "This was decided already." } satisfies CommandError;
        if ((way === "discard" || way === "hand_over") && !reason.trim())
          throw {
            code: "invalid",
            detail: "It must be said why. Nothing was changed yet.",
          } satisfies CommandError;
        found.asked = {
          way,
          who: signedIn()?.fullName ?? "",
          at: new Date().toISOString(),
          reason: reason || null,
          isSent: false,
        };
      }),
    lookAtRefused: () => answer("lookAtRefused", () => ({ ...fakeRefused })),
    correctRefused: (id) =>
      answer("correctRefused", () => {
        const item = conflicts.find((one) => one.id === id);
        if (item?.refused)
          Object.assign(item, { mayDecide: false, refused: { ...item.refused, asked: "replace" } });
      }),
    listConflicts: (isOpen) =>
      answer("listConflicts", () => conflicts.filter((item) => (item.decided === null) === isOpen)),
    decideConflict: (id, choice, typed, reason) =>
      answer("decideConflict", () => {
        const item = conflicts.find((one) => one.id === id);
        if (!item)
          throw { code: "not_found", detail: "This is not on this computer." } satisfies CommandError;
        if (choice === "other" && !typed)
          throw {
            code: "invalid",
            detail: "The other value is missing. Nothing was decided yet.",
          } satisfies CommandError;
        const value = {
          ours: item.ours.text,
          theirs: item.theirs.text,
          other: typed,
          merged: null,
          apart: null,
          settled: null,
        };
        item.decided = {
          choice,
          value: value[choice],
          reason: reason || null,
          who: null,
          at: null,
          isSent: false,
        };
        item.mayDecide = false;
        if (item.patient) record("Decided", item.patient);
        return item;
      }),
  };
  return { conflicts, refused, commands };
}
