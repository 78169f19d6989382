import { createContext, type ReactNode, use, useMemo, useState } from "react";
import type { PatientId } from "../../ipc/bindings/PatientId";
import { useKept } from "../../shared/unsaved";

type Lines = Record<PatientId, string>;

const KeptContext = createContext<[Lines, (patientId: PatientId, text: string) => void] | null>(null);

/** The number of a tooth alone is soon typed again. */
const isWorthAsking = (text: string) => !/^\s*\d{0,2}\s*$/.test(text);

/** Keeps the half typed line of each patient's teeth while other screens are shown; asks before the clinic is locked over one. */
export function KeptLinesProvider({ children }: { children: ReactNode }) {
  const [lines, setLines] = useState<Lines>({});
  useKept(Object.values(lines).some(isWorthAsking));
  const value = useMemo<[Lines, (patientId: PatientId, text: string) => void]>(
    () => [lines, (patientId, text) => setLines((now) => ({ ...now, [patientId]: text }))],
    [lines],
  );
  return <KeptContext value={value}>{children}</KeptContext>;
}

/** The line of a patient as it was left, and how it is kept. */
export function useKeptLine(patientId: PatientId): [text: string, keep: (text: string) => void] {
  const kept = use(KeptContext);
  if (!kept) throw new Error("useKeptLine needs a KeptLinesProvider above it");
  const [lines, keep] = kept;
  return [lines[patientId] ?? "", (text) => keep(patientId, text)];
}
