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
  const { items, vitals } = draft;
  // The dose of a child goes by the weight that is noted.
  const [itemsText, typedText] = [JSON.stringify([items, vitals.weightKg]), JSON.stringify(typed)];
  const query = useQuery({
    queryKey: queryKeys.safety(patientId, itemsText, typedText),
    queryFn: async () => ({
      itemsText,
      typedText,
      lineTexts: items.map((item) => JSON.stringify(item)),
      safety: await backend.checkDraft(patientId, draft, typed),
    }),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const { data } = query;
  /** Until what was asked anew is known, a line that did not change keeps what was found about it. */
  const of = (item: DraftItem): LineSafety | undefined => {
    const isCurrent = data?.itemsText === itemsText;
    const place = isCurrent ? items.indexOf(item) : data?.lineTexts.indexOf(JSON.stringify(item));
    return data?.safety.lines[place ?? -1];
  };
  return {
    /** What was found about an item, once that is known. */
    of,
    typed: data?.typedText === typedText ? data.safety.line : null,
    heldPlaces: items.flatMap((item, place) => (of(item)?.isHeld ? [place] : [])),
    /** What no line is looked at for. */
    gaps: data?.safety.gaps ?? [],
    broken: data?.safety.broken ?? null,
    error: query.error,
    /** What holds right now, asked anew. */
    refetch: async (): Promise<DraftSafety | undefined> => (await query.refetch()).data?.safety,
  };
}

export type SafetyState = ReturnType<typeof useSafety>;
