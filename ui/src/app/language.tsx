import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useMemo, useState } from "react";
import { useBackend } from "../ipc/context";
import { language, type Language, speak } from "../messages";

interface Spoken {
  language: Language;
  choose: (next: Language) => void;
}

const LanguageContext = createContext<Spoken | null>(null);

/** Draws everything anew, from its beginning, when another language is chosen; drafts are on disk. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [now, setNow] = useState(language);
  const value = useMemo(
    () => ({
      language: now,
      choose: (next: Language) => {
        speak(next);
        // The pad begins again from the draft that was written, and not from how it was opened.
        client.removeQueries({ queryKey: ["pad"] });
        setNow(next);
        // What could not be remembered is chosen again next time: no reason to stop work.
        backend.setLanguage(next).catch(() => undefined);
      },
    }),
    [now, backend, client],
  );
  return (
    <LanguageContext key={now} value={value}>
      {children}
    </LanguageContext>
  );
}

/** The language of the window, and the way to choose another. */
export function useLanguage(): Spoken {
  const spoken = use(LanguageContext);
  if (!spoken) throw new Error("useLanguage needs a LanguageProvider above it");
  return spoken;
}
