import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import type { Backend } from "../ipc/backend";
import { BackendProvider } from "../ipc/context";
import { App, type Places } from "./App";
import { LanguageProvider } from "./language";
import { createQueryClient } from "./queries";

/** The nonce that the window's content policy allows styles with. */
const styleNonce = () => document.querySelector("style")?.nonce ?? "";

// Mantine's variables stand in a style sheet; it must not write any into the page while it runs.
export function Root({ backend }: { backend: Backend }) {
  const [client] = useState(createQueryClient);
  // Whoever unlocks comes back to where they were; nobody else does.
  const [places] = useState<Places>(() => new Map());
  return (
    <MantineProvider
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
      withCssVariables={false}
      withGlobalClasses={false}
      deduplicateCssVariables={false}
    >
      <BackendProvider backend={backend}>
        <QueryClientProvider client={client}>
          <LanguageProvider>
            <App places={places} />
          </LanguageProvider>
        </QueryClientProvider>
      </BackendProvider>
    </MantineProvider>
  );
}
