import { useQuery } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";

/** Puts a phrase in the place of `.key` as soon as a space follows it. What is no key stays as it was typed. */
export function usePhrases(): (text: string) => string {
  const backend = useBackend();
  const phrases = useQuery({ queryKey: queryKeys.phrases, queryFn: () => backend.listPhrases() });
  return (text) => {
    const typed = /(^|\s)\.([a-z0-9][a-z0-9_.-]*) $/.exec(text);
    const phrase = typed && phrases.data?.find(([key]) => key === typed[2]);
    return phrase ? `${text.slice(0, text.length - typed[0].length)}${typed[1]}${phrase[1]} ` : text;
  };
}
