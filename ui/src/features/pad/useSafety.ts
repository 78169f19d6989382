import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import type { Draft } from "../../ipc/bindings/Draft";
import type { DraftItem } from "../../ipc/bindings/DraftItem";
import type { DraftSafety } from "../../ipc/bindings/DraftSafety";
import type { LineSafety } from "../../ipc/bindings/LineSafety";
import { useBackend } from "../../ipc/context";

/** What speaks against the lines. Asked again whenever rows change: an allergy that arrives holds a line at once. */
export function useSafety(patientId: string, draft: Draft, typed: DraftItem | null) {
  const backend = useBackend();
  const { items } = draft;
  const query = useQuery({
    queryKey: queryKeys.safety(patientId, JSON.stringify(items), JSON.stringify(typed)),
    queryFn: async () => ({ items, typed, safety: await backend.checkDraft(patientId, draft, typed) }),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const { data } = query;
  const known = new Map<DraftItem, LineSafety>();
  data?.items.forEach((item, place) => {
    const line = data.safety.lines[place];
    if (line) known.set(item, line);
  });
  const heldPlaces = items.flatMap((item, place) => (known.get(item)?.isHeld ? [place] : []));
  const isSameTyped = data !== undefined && JSON.stringify(data.typed) === JSON.stringify(typed);
  return {
    /** What was found about an item, once that is known. */
    of: (item: DraftItem) => known.get(item),
    typed: isSameTyped ? data.safety.line : null,
    heldPlaces,
    broken: data?.safety.broken ?? null,
    error: query.error,
    /** What holds right now, asked anew. */
    refetch: async (): Promise<DraftSafety | undefined> => (await query.refetch()).data?.safety,
  };
}

export type SafetyState = ReturnType<typeof useSafety>;
