import { notifyManager, QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Backend } from "../ipc/backend";
import type { AppState } from "../ipc/bindings/AppState";
import type { SyncStatus } from "../ipc/bindings/SyncStatus";
import { useBackend } from "../ipc/context";
import { useFiveMinutes } from "../shared/minute";
import { press } from "./keymap";

/** The names under which answers are kept. Those under `rows` are asked again when rows change. */
export const queryKeys = {
  appState: ["app-state"],
  syncStatus: ["sync-status"],
  rows: ["rows"],
  // What depends on the time of day is under `clock` among the rows.
  clock: ["rows", "clock"],
  today: ["rows", "clock", "today"],
  followUps: (days: string) => ["rows", "clock", "follow-ups", days],
  day: (date: string | null) => ["rows", "clock", "day", date],
  days: (from: string | null, days: number, doctor: string | null) => [
    "rows",
    "clock",
    "days",
    from,
    days,
    doctor,
  ],
  booking: (patient: string, form: object, moves: string | null) => [
    "rows",
    "clock",
    "booking",
    patient,
    form,
    moves,
  ],
  ledger: (filter: object) => ["rows", "ledger", filter],
  ledgerChoices: ["rows", "ledger-choices"],
  refused: ["rows", "refused"],
  computers: ["computers"],
  // The registrations in it come with the rows.
  staff: ["rows", "staff"],
  // Not among the rows: each reading is an entry of the log itself.
  audit: (filter: object) => ["audit", filter],
  auditChoices: ["audit", "choices"],
  recoveryPage: ["recovery-page"],
  letterhead: ["rows", "letterhead"],
  letterheadPreviews: ["letterhead-preview"],
  letterheadPreview: (form: object) => ["letterhead-preview", form],
  conflicts: (isOpen: boolean) => ["rows", "conflicts", isOpen ? "open" : "decided"],
  patients: (query: string) => ["rows", "patients", query],
  finder: (query: string) => ["rows", "finder", query],
  chart: (patient: string) => ["rows", "chart", patient],
  older: (patient: string) => ["rows", "older", patient],
  olderVisits: (patient: string) => ["rows", "older-visits", patient],
  olderMeasured: (patient: string) => ["rows", "older-measured", patient],
  dental: (patient: string) => ["rows", "dental", patient],
  files: (patient: string) => ["rows", "files", patient],
  unsentFiles: ["rows", "unsent-files"],
  file: (id: string) => ["file", id],
  smallPicture: (id: string) => ["small-picture", id],
  pageCount: (id: string) => ["page-count", id],
  documentPage: (id: string, page: number) => ["document-page", id, page],
  prescription: (id: string) => ["rows", "prescription", id],
  pages: (id: string, isA4: boolean) => ["rows", "pages", id, isA4],
  pad: (patient: string) => ["pad", patient],
  safety: (patient: string, items: string, typed: string) => ["rows", "safety", patient, items, typed],
  shortKeys: ["rows", "short-keys"],
  shortKeyTest: (form: string) => ["rows", "short-key-test", form],
  keysFor: (patient: string, typed: string) => ["rows", "keys-for", patient, typed],
  phrases: ["rows", "phrases"],
  preview: (patient: string) => ["rows", "preview", patient],
  allergens: (typed: string) => ["allergens", typed],
  diagnoses: (typed: string) => ["diagnoses", typed],
  ownMedicines: ["rows", "own-medicines"],
  lines: ["line"],
  line: (text: string, was: string | null = null) => ["line", text, was],
  dentalLine: (text: string) => ["dental-line", text],
  dosage: (text: string, name: string, form: string, strength: string) => [
    "dosage",
    text,
    name,
    form,
    strength,
  ],
};

/** Answers come from this computer: always available, and never worth a second try. */
export function createQueryClient(): QueryClient {
  // What was answered is drawn in the next frame: a timer would often miss it.
  notifyManager.setScheduler(queueMicrotask);
  const always = { networkMode: "always", retry: false } satisfies { networkMode: "always"; retry: false };
  return new QueryClient({
    defaultOptions: { queries: { ...always, refetchOnWindowFocus: false }, mutations: always },
  });
}

/** What is known of a patient. The screen that shows it finds what was asked when the way to it began. */
export const chartOf = (backend: Backend, patientId: string) =>
  queryOptions({
    queryKey: queryKeys.chart(patientId),
    queryFn: () => backend.getChart(patientId),
    staleTime: 2_000,
  });

/** A day of this clinic; null is today. */
export const dayOf = (backend: Backend, date: string | null) =>
  queryOptions({ queryKey: queryKeys.day(date), queryFn: () => backend.getDay(date) });

export function useAppState() {
  const backend = useBackend();
  return useQuery({ queryKey: queryKeys.appState, queryFn: () => backend.appState(), staleTime: Infinity });
}

export function useSyncStatus() {
  const backend = useBackend();
  return useQuery({
    queryKey: queryKeys.syncStatus,
    queryFn: () => backend.syncStatus(),
    staleTime: Infinity,
  });
}

/** Nothing of a patient stays in the window behind the lock. */
export const forgetRows = (client: QueryClient) =>
  client.removeQueries({
    predicate: ({ queryKey: [name] }) => name !== "app-state" && name !== "sync-status",
  });

/** Asks anew what the program says in words. The pad is left alone: its lines are said anew with its next pause. */
export const askInWords = (client: QueryClient) =>
  client.invalidateQueries({
    predicate: ({ queryKey: [name] }) =>
      name === "sync-status" || name === "rows" || name === "dosage" || name === "audit",
  });

export const refreshRows = (client: QueryClient) => client.invalidateQueries({ queryKey: queryKeys.rows });

/** A window that stays open shows the day that it is, also after midnight, and who has not come by now. */
export function useTimeOfDay(): void {
  const client = useQueryClient();
  const now = useFiveMinutes();
  const asked = useRef(now);
  useEffect(() => {
    if (asked.current === now) return;
    asked.current = now;
    void client.invalidateQueries({ queryKey: queryKeys.clock });
  }, [now, client]);
}

/** Keeps what is shown in step with what the program tells. */
export function useBackendEvents(): void {
  const backend = useBackend();
  const client = useQueryClient();
  useEffect(() => {
    const tell = (queryKey: string[], payload: SyncStatus | AppState) => {
      // What was asked before is older, and would come over it.
      void client.cancelQueries({ queryKey, exact: true });
      client.setQueryData(queryKey, payload);
    };
    return backend.listen((event) => {
      if (event.name === "sync-status") tell(queryKeys.syncStatus, event.payload);
      else if (event.name === "app-state") {
        tell(queryKeys.appState, event.payload);
        if (event.payload.state !== "unlocked") forgetRows(client);
      } else if (event.name === "menu") press(event.payload);
      else if (event.name === "rows-changed") void refreshRows(client);
    });
  }, [backend, client]);
}
