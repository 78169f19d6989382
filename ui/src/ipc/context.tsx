import { createContext, type ReactNode, use } from "react";
import type { Backend } from "./backend";

const BackendContext = createContext<Backend | null>(null);

export function BackendProvider(props: { backend: Backend; children: ReactNode }) {
  return <BackendContext value={props.backend}>{props.children}</BackendContext>;
}

/** The program around the window. */
export function useBackend(): Backend {
  const backend = use(BackendContext);
  if (!backend) throw new Error("useBackend needs a BackendProvider above it");
  return backend;
}
