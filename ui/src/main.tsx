import "./styles/fonts.css";
import "./styles/mantine.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { createRoot } from "react-dom/client";
import { keepWebViewQuiet } from "./app/keymap";
import { Root } from "./app/Root";
import type { Backend } from "./ipc/backend";
import { hear, tauriBackend } from "./ipc/commands";
import { speak } from "./messages";

async function backendHere(): Promise<Backend> {
  if (import.meta.env.DEV && !("__TAURI_INTERNALS__" in window)) {
    const { createFakeBackend } = await import("./ipc/fake");
    return createFakeBackend({
      delayMs: 40,
      start: new URLSearchParams(location.search).get("start") ?? "locked",
      language: new URLSearchParams(location.search).get("language") === "hi" ? "hi" : "en",
    });
  }
  keepWebViewQuiet();
  await hear();
  return tauriBackend;
}

const root = document.getElementById("root");
const backend = await backendHere();
// Whoever cannot remember a language speaks English.
speak(await backend.language().catch(() => "en" as const));
if (root) createRoot(root).render(<Root backend={backend} />);
