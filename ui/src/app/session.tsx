import { createContext, type ReactNode, type RefObject, use, useMemo, useRef, useState } from "react";
import type { PatientId } from "../ipc/bindings/PatientId";
import type { SessionView } from "../ipc/bindings/SessionView";

interface Session {
  session: SessionView;
  /** The patient whose chart or pad was opened last. */
  openPatient: PatientId | null;
  setOpenPatient: (patient: PatientId | null) => void;
  /** What must be written before the clinic is locked. */
  unwritten: RefObject<Set<() => Promise<void>>>;
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider(props: { session: SessionView; children: ReactNode }) {
  const [openPatient, setOpenPatient] = useState<PatientId | null>(null);
  const { session } = props;
  const unwritten = useRef(new Set<() => Promise<void>>());
  const value = useMemo(() => ({ session, openPatient, setOpenPatient, unwritten }), [session, openPatient]);
  return <SessionContext value={value}>{props.children}</SessionContext>;
}

/** Who is signed in, and which patient is open. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession needs a SessionProvider above it");
  return session;
}
