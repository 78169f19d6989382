import { createContext, type ReactNode, type RefObject, use, useMemo, useRef, useState } from "react";
import type { DoctorId } from "../ipc/bindings/DoctorId";
import type { PatientId } from "../ipc/bindings/PatientId";
import type { SessionView } from "../ipc/bindings/SessionView";

interface Session {
  session: SessionView;
  /** The patient whose chart or pad was opened last. */
  openPatient: PatientId | null;
  setOpenPatient: (patient: PatientId | null) => void;
  /** With whom a visit was booked last. */
  lastDoctor: DoctorId | null;
  noteLastDoctor: (doctor: DoctorId) => void;
  /** What must be written before the clinic is locked. */
  unwritten: RefObject<Set<() => Promise<void>>>;
  /** Whether the last lock came over something typed that was not saved. */
  lostTyped: boolean;
  noteLostTyped: (isLost: boolean) => void;
}

const SessionContext = createContext<Session | null>(null);

interface Props extends Pick<Session, "session" | "lostTyped" | "noteLostTyped"> {
  children: ReactNode;
}

export function SessionProvider(props: Props) {
  const [openPatient, setOpenPatient] = useState<PatientId | null>(null);
  const { session, lostTyped, noteLostTyped } = props;
  const [lastDoctor, noteLastDoctor] = useState<DoctorId | null>(null);
  const unwritten = useRef(new Set<() => Promise<void>>());
  const value = useMemo(
    () => ({
      session,
      openPatient,
      setOpenPatient,
      lastDoctor,
      noteLastDoctor,
      unwritten,
      lostTyped,
      noteLostTyped,
    }),
    [session, openPatient, lastDoctor, lostTyped, noteLostTyped],
  );
  return <SessionContext value={value}>{props.children}</SessionContext>;
}

/** Writes all that is unwritten. */
export const writeAll = (unwritten: Session["unwritten"]) =>
  Promise.all([...unwritten.current].map((write) => write()));

/** Who is signed in, and which patient is open. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession needs a SessionProvider above it");
  return session;
}
