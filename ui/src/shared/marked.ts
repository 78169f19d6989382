/**
 * An answer with what the arrows chose before it came, which stays what is meant whatever the answer has in its place; and
 * its place there, or -1 if nothing is chosen.
 */
export function withMarked<T>(
  answer: T[],
  marked: T | null,
  keyOf: (one: T) => string,
): [found: T[], place: number] {
  if (marked === null) return [answer, -1];
  const place = answer.findIndex((one) => keyOf(one) === keyOf(marked));
  return place < 0 ? [[marked, ...answer], 0] : [answer, place];
}
