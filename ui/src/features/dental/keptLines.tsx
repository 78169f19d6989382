import { createContext, type ReactNode, use, useMemo, useRef, useState } from "react";
import type { PatientId } from "../../ipc/bindings/PatientId";
import { useKept } from "../../shared/unsaved";

interface Line {
  text: string;
  /** Marking surfaces left it so: a single `m` in it is a surface, and not yet a tooth that is missing. */
  isMarked: boolean;
}

type Lines = Record<PatientId, Line>;

const EMPTY: Line = { text: "", isMarked: false };

interface Kept {
  lines: Lines;
  /** The line as it is now, also before it is drawn. */
  now: (patientId: PatientId) => Line;
  keep: (patientId: PatientId, line: Line) => void;
}

const KeptContext = createContext<Kept | null>(null);

/** The number of a tooth alone is soon typed again. */
const isWorthAsking = ({ text }: Line) => !/^\s*\d{0,2}\s*$/.test(text);

/** Keeps the half typed line of each patient's teeth while other screens are shown; asks before the clinic is locked over one. */
export function KeptLinesProvider({ children }: { children: ReactNode }) {
  const [lines, setLines] = useState<Lines>({});
  const latest = useRef(lines);
  useKept(Object.values(lines).some(isWorthAsking));
  const value = useMemo<Kept>(
    () => ({
      lines,
      now: (patientId) => latest.current[patientId] ?? EMPTY,
      keep: (patientId, line) => {
        latest.current = { ...latest.current, [patientId]: line };
        setLines(latest.current);
      },
    }),
    [lines],
  );
  return <KeptContext value={value}>{children}</KeptContext>;
}

/** The line of a patient as it was left, as it is now, and how it is kept. */
export function useKeptLine(patientId: PatientId) {
  const kept = use(KeptContext);
  if (!kept) throw new Error("useKeptLine needs a KeptLinesProvider above it");
  return {
    ...(kept.lines[patientId] ?? EMPTY),
    now: () => kept.now(patientId),
    keep: (line: Line) => kept.keep(patientId, line),
  };
}
