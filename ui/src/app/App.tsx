import { useQueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { Enrol } from "../features/enrol/Enrol";
import { RecoveryCode } from "../features/recovery/RecoveryCode";
import { SlipProvider } from "../features/slip/SlipProvider";
import { Unlock } from "../features/unlock/Unlock";
import type { SessionView } from "../ipc/bindings/SessionView";
import type { UserId } from "../ipc/bindings/UserId";
import { useBackend } from "../ipc/context";
import { problemOf } from "../ipc/problem";
import { ToastProvider } from "../shared/toasts";
import type { Held } from "../shared/unsaved";
import { Broken } from "./Broken";
import { ClosingProvider } from "./closing";
import { Revoked, Wiping } from "./Leaving";
import { useKeysKept } from "./keymap";
import { useLanguage } from "./language";
import { NativeMenu } from "./NativeMenu";
import { useOutside } from "./outside";
import { chartOf, useAppState, useBackendEvents, useTimeOfDay } from "./queries";
import { createClinicRouter } from "./router";
import { SessionProvider } from "./session";

interface Place {
  router: ReturnType<typeof createClinicRouter>;
  lostTyped: Held | null;
}

/** Where everyone was, and whether the lock took from them what they typed there. */
export type Places = Map<UserId, Place>;

/** What the window shows, and the menus above it. */
export function App({ places }: { places: Places }) {
  useBackendEvents();
  useTimeOfDay();
  useKeysKept();
  useOutside();
  useLanguage();
  return (
    <>
      <NativeMenu />
      <ClosingProvider>
        <Shown places={places} />
      </ClosingProvider>
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
  const { userId } = session.person;
  const backend = useBackend();
  const client = useQueryClient();
  const [place] = useState<Place>(() => {
    const askChart = (patientId: string) => void client.prefetchQuery(chartOf(backend, patientId));
    return places.get(userId) ?? { router: createClinicRouter({ askChart }), lostTyped: null };
  });
  useEffect(() => void places.set(userId, place), [places, place, userId]);
  const noteLostTyped = useCallback(
    (lostTyped: Held | null) => void places.set(userId, { router: place.router, lostTyped }),
    [places, place, userId],
  );
  return (
    <SessionProvider session={session} lostTyped={place.lostTyped} noteLostTyped={noteLostTyped}>
      <ToastProvider>
        <SlipProvider>
          <RouterProvider router={place.router} />
        </SlipProvider>
      </ToastProvider>
    </SessionProvider>
  );
}
