import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useMemo, useRef, useState } from "react";
import { useBackend } from "../ipc/context";
import { language, type Language, speak } from "../messages";
import { askInWords } from "./queries";

interface Spoken {
  language: Language;
  choose: (next: Language) => void;
}

const LanguageContext = createContext<Spoken | null>(null);

/** Lets another language be chosen: what is in sight is drawn anew, and nothing begins anew, so what is typed stays. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [now, setNow] = useState(language);
  // One behind the other: what was chosen last is what is remembered and spoken.
  const told = useRef(Promise.resolve());
  const value = useMemo(
    () => ({
      language: now,
      choose: (next: Language) => {
        speak(next);
        setNow(next);
        // What could not be remembered is chosen again next time: no reason to stop work.
        told.current = told.current.then(() => backend.setLanguage(next)).catch(() => undefined);
        void told.current.then(() => askInWords(client));
      },
    }),
    [now, backend, client],
  );
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

/** The language of the window, and the way to choose another. Who calls it is drawn anew in that one, with all within. */
export function useLanguage(): Spoken {
  const spoken = use(LanguageContext);
  if (!spoken) throw new Error("useLanguage needs a LanguageProvider above it");
  return spoken;
}

/** A screen that speaks another language at once: the router draws one anew only when its place changes. */
export function spoken(Screen: () => ReactNode) {
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- it draws the screen that it is made for
  return function Spoken() {
    useLanguage();
    return <Screen />;
  };
}
