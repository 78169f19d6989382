import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isPlain } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";

/** The short key that is being typed: `/urti`. */
export function useShortKeys(patientId: string, text: string) {
  const backend = useBackend();
  const isTyped = text.startsWith("/");
  const [chosen, setChosen] = useState({ text: "", place: 0 });
  const query = useQuery({
    queryKey: queryKeys.keysFor(patientId, text),
    queryFn: () => backend.findShortKeys(patientId, text),
    enabled: isTyped,
    placeholderData: keepPreviousData,
  });
  const found = isTyped ? (query.data ?? []) : [];
  const place = chosen.text === text ? Math.min(chosen.place, found.length - 1) : 0;
  const move = (step: number) =>
    setChosen({ text, place: Math.min(Math.max(place + step, 0), found.length - 1) });

  /** Answers a key of the line; whether it did. */
  const onKeyDown = (event: React.KeyboardEvent, onExpand: (key: string) => void): boolean => {
    if (!isPlain(event) || event.shiftKey) return false;
    if (event.key === "Tab" || event.key === "Enter") {
      // What is typed fast is not looked up yet: then the word itself is meant.
      const isCurrent = !query.isPlaceholderData && query.isFetched;
      onExpand((isCurrent && found[place]?.key) || text);
    } else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp" && found.length > 0) move(-1);
    else return false;
    event.preventDefault();
    return true;
  };
  return { isTyped, found, place, isSearched: query.isFetched && !query.isPlaceholderData, onKeyDown };
}

export type ShortKeysState = ReturnType<typeof useShortKeys>;
