import { useEffect } from "react";
import { useBackend } from "../ipc/context";

/** Once the system says that there is a network again, what waits goes at once, and not at the next look at the server. */
export function useOnline(): void {
  const backend = useBackend();
  useEffect(() => {
    // If this fails, the next look at the server comes all the same.
    const look = () => void backend.syncNow().catch(() => undefined);
    window.addEventListener("online", look);
    return () => window.removeEventListener("online", look);
  }, [backend]);
}
