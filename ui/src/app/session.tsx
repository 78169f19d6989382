import { createContext, type ReactNode, type RefObject, use, useMemo, useRef, useState } from "react";
import type { DoctorId } from "../ipc/bindings/DoctorId";
import type { PatientId } from "../ipc/bindings/PatientId";
import type { SessionView } from "../ipc/bindings/SessionView";
import type { Held } from "../shared/unsaved";

/** What somebody typed about a patient, as long as it may not be on disk. */
export interface Unwritten {
  patientId: PatientId;
  /** Writes it; fails if it is not on disk then. */
  write: () => Promise<void>;
  /** Whether the screen it was typed in is gone. */
  isLeft: () => boolean;
}

interface Session {
  session: SessionView;
  /** The patient whose chart, pad or teeth were opened last. */
  openPatient: PatientId | null;
  setOpenPatient: (patient: PatientId | null) => void;
  /** With whom a visit was booked last. */
  lastDoctor: DoctorId | null;
  noteLastDoctor: (doctor: DoctorId) => void;
  /** What must be written before the clinic is locked. */
  unwritten: RefObject<Set<Unwritten>>;
  /** Whether the last lock came over something typed that was not saved, or over the saving of it. */
  lostTyped: Held | null;
  noteLostTyped: (lost: Held | null) => void;
}

const SessionContext = createContext<Session | null>(null);

interface Props extends Pick<Session, "session" | "lostTyped" | "noteLostTyped"> {
  children: ReactNode;
}

export function SessionProvider(props: Props) {
  const [openPatient, setOpenPatient] = useState<PatientId | null>(null);
  const { session, lostTyped, noteLostTyped } = props;
  const [lastDoctor, noteLastDoctor] = useState<DoctorId | null>(null);
  const unwritten = useRef(new Set<Unwritten>());
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
  Promise.all([...unwritten.current].map((one) => one.write()));

/** The same before the lock: what was left and cannot be written once more is given up with the telling. */
export const writeBeforeLock = (unwritten: Session["unwritten"]) =>
  Promise.all(
    [...unwritten.current].map((one) =>
      one.write().catch((error: unknown) => {
        if (one.isLeft()) unwritten.current.delete(one);
        throw error;
      }),
    ),
  );

/** The same where nobody is there to be told: what cannot be written is given up. Answers whether all was written. */
export const writeOrGiveUp = async (unwritten: Session["unwritten"]) => {
  const tried = await Promise.allSettled([...unwritten.current].map((one) => one.write()));
  return tried.every(({ status }) => status === "fulfilled");
};

/** Writes what is unwritten of one patient: until then, what is on disk is older than what was typed. */
export const writeOf = (unwritten: Session["unwritten"], patientId: PatientId) =>
  Promise.all([...unwritten.current].filter((one) => one.patientId === patientId).map((one) => one.write()));

/** Writes a draft outside its pad, behind what was typed there. Whoever opens the pad, locks or closes waits for it. */
export function writeOutside(
  unwritten: Session["unwritten"],
  patientId: PatientId,
  write: () => Promise<void>,
): Promise<void> {
  const written = writeOf(unwritten, patientId).then(write);
  // If it fails, nothing that was typed is lost with it: nobody who waits is kept by that.
  const one: Unwritten = { patientId, write: () => written.catch(() => undefined), isLeft: () => true };
  unwritten.current.add(one);
  return written.finally(() => unwritten.current.delete(one));
}

/** Who is signed in, and which patient is open. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession needs a SessionProvider above it");
  return session;
}
