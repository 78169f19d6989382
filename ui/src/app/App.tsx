import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Enrol } from "../features/enrol/Enrol";
import { RecoveryCode } from "../features/recovery/RecoveryCode";
import { Unlock } from "../features/unlock/Unlock";
import type { SessionView } from "../ipc/bindings/SessionView";
import type { UserId } from "../ipc/bindings/UserId";
import { problemOf } from "../ipc/problem";
import { ToastProvider } from "../shared/toasts";
import { Broken } from "./Broken";
import { Revoked, Wiping } from "./Leaving";
import { useLanguage } from "./language";
import { NativeMenu } from "./NativeMenu";
import { useOutside } from "./outside";
import { useAppState, useBackendEvents } from "./queries";
import { createClinicRouter } from "./router";
import { SessionProvider } from "./session";

/** Where everyone was. */
export type Places = Map<UserId, ReturnType<typeof createClinicRouter>>;

/** What the window shows, and the menus above it. */
export function App({ places }: { places: Places }) {
  useBackendEvents();
  useOutside();
  useLanguage();
  return (
    <>
      <NativeMenu />
      <Shown places={places} />
    </>
  );
}

/** Set-up, the list of people, or the clinic. */
function Shown({ places }: { places: Places }) {
  const { data, error } = useAppState();
  if (error) {
    const { code, detail } = problemOf(error);
    return <Broken code={code} detail={detail} />;
  }
  if (!data) return null;
  switch (data.state) {
    case "notEnrolled":
      return <Enrol />;
    case "locked":
      return <Unlock {...data} />;
    case "revoked":
      return <Revoked {...data} />;
    case "wiping":
      return <Wiping />;
    case "broken":
      return <Broken code={data.code} detail={data.detail} recovery={data.recovery} />;
    case "unlocked":
      if (data.recovery.isShown) return <RecoveryCode idleMinutes={data.session.idleLockMinutes} />;
      return <Opened key={data.session.person.userId} session={data.session} places={places} />;
  }
}

interface OpenedProps {
  session: SessionView;
  places: Places;
}

function Opened({ session, places }: OpenedProps) {
  const [router] = useState(() => places.get(session.person.userId) ?? createClinicRouter());
  useEffect(() => void places.set(session.person.userId, router), [places, router, session.person.userId]);
  return (
    <SessionProvider session={session}>
      <ToastProvider>
        <RouterProvider router={router} />
      </ToastProvider>
    </SessionProvider>
  );
}
