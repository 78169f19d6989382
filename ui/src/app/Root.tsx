import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import type { Backend } from "../ipc/backend";
import { BackendProvider } from "../ipc/context";
import { App } from "./App";
import { createQueryClient } from "./queries";

/** The nonce that the window's content policy allows styles with. */
const styleNonce = () => document.querySelector("style")?.nonce ?? "";

// Mantine's variables stand in a style sheet; it must not write any into the page while it runs.
export function Root({ backend }: { backend: Backend }) {
  const [client] = useState(createQueryClient);
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
          <App />
        </QueryClientProvider>
      </BackendProvider>
    </MantineProvider>
  );
}
