import type { Backend } from "./backend";
import type { AppState } from "./bindings/AppState";
import type { CommandError } from "./bindings/CommandError";
import type { RecoveryView } from "./bindings/RecoveryView";
import type { Answer } from "./fake-data";

type Commands = "recover" | "recoveryPage" | "saveRecoveryPdf" | "keepRecoveryCode" | "newRecoveryCode";

/** The code of the fake computer. */
export const fakeCode = "7Q4K-9XWM-2C8D-HT3N-0V5B-E6RZ-1A2C";
const fingerprint = "K3W9XA";

interface FakeRecovery {
  view(): RecoveryView;
  /** A code was made, and waits to be written down. */
  make(): void;
  /** None was ever made, or nobody said that it is written down. */
  forget(isMade: boolean): void;
  commands: Pick<Backend, Commands>;
}

const wrong = (detail: string) => ({ code: "wrong_code", detail }) satisfies CommandError;

/** The recovery code of the fake computer. */
export function fakeRecovery(
  answer: Answer,
  state: () => AppState,
  open: (email: string, password: string) => AppState,
): FakeRecovery {
  const madeAt = "2026-11-23T09:12:00Z";
  let view: RecoveryView = { fingerprint, madeAt, isKept: true, isShown: false };
  const make = () => {
    view = { fingerprint, madeAt, isKept: false, isShown: true };
  };
  return {
    view: () => view,
    make,
    forget: (isMade) => {
      view = isMade
        ? { fingerprint, madeAt, isKept: false, isShown: false }
        : { fingerprint: null, madeAt: null, isKept: false, isShown: false };
    },
    commands: {
      recover: ({ recoveryCode, email, password }) =>
        answer("recover", () => {
          if (recoveryCode !== fakeCode) throw wrong("This is not the recovery code of this computer.");
          make();
          return open(email, password);
        }),
      recoveryPage: () =>
        answer("recoveryPage", () =>
          view.isShown
            ? {
                code: fakeCode,
                fingerprint,
                deviceName: "Room 1 computer",
                tenantName: "Shanti Clinic",
                clinicName: "Andheri East",
                madeAt,
              }
            : null,
        ),
      saveRecoveryPdf: () => answer("saveRecoveryPdf", () => `/home/anjali/recovery-code-${fingerprint}.pdf`),
      keepRecoveryCode: () =>
        answer("keepRecoveryCode", () => {
          view = { ...view, isKept: true, isShown: false };
          return state();
        }),
      newRecoveryCode: (password) =>
        answer("newRecoveryCode", () => {
          if (password === "wrong") {
            throw { code: "wrong_password", detail: "The password does not fit." } satisfies CommandError;
          }
          make();
          return state();
        }),
    },
  };
}
