import { IconLanguage } from "@tabler/icons-react";
import { type Language, languages, messages } from "../messages";
import { useLanguage } from "./language";
import classes from "./LanguageChoice.module.css";

/** Each other language, by its own name and in its own letters; on the rail it looks like what is around it. */
export function LanguageChoice({ className = classes.choice }: { className?: string | undefined }) {
  const spoken = useLanguage();
  const others: Language[] = [];
  let one: Language;
  for (one in languages) if (one !== spoken.language) others.push(one);
  return others.map((other, place) => (
    <button
      // The button stays, and with it the focus, when its language changes.
      // oxlint-disable-next-line react/no-array-index-key
      key={place}
      type="button"
      className={className}
      lang={other}
      title={messages.common.language}
      data-testid={`language-${other}`}
      // The hand goes on where it types.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => spoken.choose(other)}
    >
      <IconLanguage size={20} stroke={1.7} aria-hidden="true" />
      {languages[other]}
    </button>
  ));
}
