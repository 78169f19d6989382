import { IconKey, IconLock, IconSearch } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { KeptLinesProvider } from "../features/dental/keptLines";
import { Finder } from "../features/finder/Finder";
import { ChangePassword } from "../features/password/ChangePassword";
import { RecoveryNotice } from "../features/recovery/RecoveryNotice";
import { SyncPill } from "../features/sync/SyncPill";
import { useBackend } from "../ipc/context";
import { problemOf } from "../ipc/problem";
import { messages } from "../messages";
import { Logo } from "../shared/Logo";
import { placeOf } from "../shared/format";
import { Avatar, Kbd } from "../shared/parts";
import { useToast } from "../shared/toasts";
import { UnsavedProvider, useBeforeLock } from "../shared/unsaved";
import { useWrittenBeforeClose } from "./closing";
import { KeysSheet } from "./KeysSheet";
import { keyLabel, useKeys } from "./keymap";
import classes from "./layout.module.css";
import notices from "./notices.module.css";
import { useFocusKept } from "./focus";
import { useIdle } from "./idle";
import { useOnline } from "./online";
import { forgetRows, queryKeys } from "./queries";
import { Rail } from "./Rail";
import { FillingNotice } from "./FillingNotice";
import { LostTyped } from "./LostTyped";
import { ServerNotices } from "./ServerNotices";
import { useSession, writeBeforeLock, writeOrGiveUp } from "./session";

/** The patient whom an address of the window is about. */
const patientOf = (path: string) => /^\/patients\/([^/]+)/.exec(path)?.[1];

/** The frame around every screen of an opened clinic, which none leaves with something typed without a question. */
export function Layout() {
  const { noteLostTyped } = useSession();
  return (
    <UnsavedProvider onLost={noteLostTyped}>
      <KeptLinesProvider>
        <Frame />
      </KeptLinesProvider>
    </UnsavedProvider>
  );
}

function Frame() {
  const { session, openPatient } = useSession();
  const navigate = useNavigate();
  const [open, setOpen] = useState<"finder" | "keys" | "password" | "oneTime" | null>(null);
  const lock = useLock();
  const beforeLock = useBeforeLock();
  // Nobody is there to be asked.
  useIdle(session.idleLockMinutes, () => lock.mutate("nobody"));
  useOnline();
  useWrittenBeforeClose();
  const main = useRef<HTMLElement>(null);
  useFocusKept(main);
  const close = () => setOpen(null);
  const client = useQueryClient();
  /** Until it is known what became of it, nothing takes the place of the dialog that tells. */
  const isPasswordChanging = () => client.isMutating({ mutationKey: ["change-password"] }) > 0;
  const router = useRouter();
  /** Whoever goes to somebody means them, also before they are shown. */
  const withPatient = (then: (patient: { patientId: string }) => void) => {
    const patientId = patientOf(router.latestLocation.pathname) ?? openPatient;
    if (patientId) then({ patientId });
  };
  useKeys({
    find: () => {
      if (!isPasswordChanging()) setOpen("finder");
    },
    register: () => {
      if (isPasswordChanging()) return;
      close();
      void navigate({ to: "/register" });
    },
    keys: () => setOpen("keys"),
    today: () => void navigate({ to: "/" }),
    followUps: () => void navigate({ to: "/follow-ups" }),
    chart: () => withPatient((params) => void navigate({ to: "/patients/$patientId", params })),
    pad: () =>
      session.mayReadClinical &&
      withPatient((params) => void navigate({ to: "/patients/$patientId/pad", params })),
    dental: () =>
      session.mayReadClinical &&
      withPatient((params) => void navigate({ to: "/patients/$patientId/dental", params })),
    sync: () => void navigate({ to: "/sync" }),
    review: () => void navigate({ to: "/review", search: {} }),
  });
  const { shell } = messages;
  return (
    <div className={classes.frame}>
      <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
        {shell.skip}
      </button>
      <header className={classes.top}>
        <div className={classes.clinic}>
          <Logo />
          <strong>{session.tenantName}</strong>
          <span>{placeOf(session.clinicName, session.tenantName)}</span>
        </div>
        <button type="button" className={classes.find} onClick={() => setOpen("finder")}>
          <IconSearch size={16} stroke={1.8} aria-hidden="true" />
          <span>{shell.find}</span>
          <Kbd>{keyLabel("find")}</Kbd>
        </button>
        <div className={classes.right}>
          <SyncPill />
          <span className={classes.person}>
            <Avatar name={session.person.fullName} size="small" />
            <strong>{session.person.fullName}</strong>
          </span>
          <button
            type="button"
            className={classes.lock}
            aria-label={messages.password.change}
            title={messages.password.change}
            onClick={() => setOpen("password")}
          >
            <IconKey size={18} stroke={1.8} aria-hidden="true" />
          </button>
          <button
            type="button"
            className={classes.lock}
            aria-label={shell.lock}
            title={shell.lock}
            onClick={() => beforeLock(() => lock.mutateAsync("somebody"))}
          >
            <IconLock size={18} stroke={1.8} aria-hidden="true" />
          </button>
        </div>
      </header>
      <Rail onKeys={() => setOpen("keys")} />
      <main ref={main} tabIndex={-1} className={classes.main}>
        {session.checksBroken && (
          <p className={`${notices.notice} ${notices.danger}`} role="alert" data-testid="checks-broken">
            {shell.checksBroken}
          </p>
        )}
        <LostTyped />
        <FillingNotice />
        <ServerNotices
          onOneTime={() => setOpen((now) => now ?? "oneTime")}
          onPassword={() => setOpen("password")}
        />
        <RecoveryNotice />
        {session.rolesLapsed && (
          <p className={notices.notice} role="status" data-testid="roles-lapsed">
            {shell.rolesLapsed}
          </p>
        )}
        <Outlet />
      </main>
      {open === "finder" && <Finder onClose={close} />}
      {open === "keys" && <KeysSheet onClose={close} />}
      {open === "password" && <ChangePassword onClose={close} />}
      {open === "oneTime" && <ChangePassword isUnasked onClose={close} />}
    </div>
  );
}

/** Locks, for somebody who asks for it or because nobody is there; then whoever comes back is told what it took from them. */
function useLock() {
  const backend = useBackend();
  const client = useQueryClient();
  const { unwritten, noteLostTyped } = useSession();
  const toast = useToast();
  return useMutation({
    mutationFn: async (who: "somebody" | "nobody") => {
      const isWritten =
        who === "nobody" ? await writeOrGiveUp(unwritten) : await writeBeforeLock(unwritten).then(() => true);
      const state = await backend.lock();
      if (!isWritten) noteLostTyped("typed");
      return state;
    },
    onError: (error) => toast(problemOf(error)),
    onSuccess: (state) => {
      client.setQueryData(queryKeys.appState, state);
      forgetRows(client);
    },
  });
}
