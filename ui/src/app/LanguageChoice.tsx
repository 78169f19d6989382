import { IconLanguage } from "@tabler/icons-react";
import { type Language, languages, messages } from "../messages";
import { useLanguage } from "./language";

interface Props {
  className: string | undefined;
  /** What must be written before everything is drawn anew; if it cannot be, nothing changes. */
  before?: () => Promise<unknown>;
}

/** Each other language, by its own name and in its own letters. */
export function LanguageChoice({ className, before = () => Promise.resolve() }: Props) {
  const spoken = useLanguage();
  const others: Language[] = [];
  let one: Language;
  for (one in languages) if (one !== spoken.language) others.push(one);
  return others.map((other) => (
    <button
      key={other}
      type="button"
      className={className}
      lang={other}
      title={messages.common.language}
      data-testid={`language-${other}`}
      onClick={() =>
        void before().then(
          () => spoken.choose(other),
          () => undefined,
        )
      }
    >
      <IconLanguage size={20} stroke={1.7} aria-hidden="true" />
      {languages[other]}
    </button>
  ));
}
