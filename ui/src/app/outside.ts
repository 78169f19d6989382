import { useEffect, useRef } from "react";
import type { SyncStatus } from "../ipc/bindings/SyncStatus";
import { useBackend } from "../ipc/context";
import { messages } from "../messages";

const isLogChanged = (status: SyncStatus) => status.notices.some((notice) => notice.code === "log_changed");

/**
 * Tells what matters outside of the window, while another program has the focus: that something waits for a decision,
 * that the server's log was changed, that this computer was taken out of service. Never about whom.
 */
export function useOutside(): void {
  const backend = useBackend();
  const last = useRef<SyncStatus>(undefined);
  const isRevoked = useRef(false);
  useEffect(() => {
    const tell = (words: string) => {
      // What the system does not show stands in the window.
      if (!document.hasFocus()) backend.tellOutside(words).catch(() => undefined);
    };
    return backend.listen((event) => {
      const { outside } = messages;
      if (event.name === "sync-status") {
        const before = last.current;
        last.current = event.payload;
        if (!before) return;
        if (event.payload.decisions > before.decisions) tell(outside.decision);
        if (isLogChanged(event.payload) && !isLogChanged(before)) tell(outside.logChanged);
      } else if (event.name === "app-state") {
        // Whoever signs in next begins with what they find.
        last.current = undefined;
        const wasRevoked = isRevoked.current;
        isRevoked.current = event.payload.state === "revoked";
        if (isRevoked.current && !wasRevoked) tell(outside.revoked);
      }
    });
  }, [backend]);
}
