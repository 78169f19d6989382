import type { LedgerState } from "../../ipc/bindings/LedgerState";

/** In the order in which they are offered. */
export const ledgerStates: LedgerState[] = [
  "waiting",
  "quarantined",
  "blocked",
  "conflict",
  "merged",
  "applied",
  "replaced",
  "discarded",
];
