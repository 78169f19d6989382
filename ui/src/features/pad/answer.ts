import type { Draft } from "../../ipc/bindings/Draft";

const isIn = (list: unknown[]) => {
  const texts = new Set(list.map((one) => JSON.stringify(one)));
  return (one: unknown) => texts.has(JSON.stringify(one));
};

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

const isParts = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The list of an answer, with what was put into the list of now meanwhile, and without what was taken out of it. */
function mergedList(now: unknown[], sent: unknown[], answer: unknown[]): unknown[] {
  const [isSent, isHere, isAnswered] = [isIn(sent), isIn(now), isIn(answer)];
  return [
    ...answer.filter((one) => isHere(one) || !isSent(one)),
    ...now.filter((one) => !isSent(one) && !isAnswered(one)),
  ];
}

/** What was typed into a text meanwhile stays, and what the answer put under it, in lines of their own, comes under it. */
function mergedText(now: string, sent: string, answer: string): string {
  const before = sent.trim() === "" ? "" : `${sent}\n`;
  const added = answer.startsWith(before) ? answer.slice(before.length) : "";
  return added === "" || now.includes(added) ? now : `${now}\n${added}`;
}

function merged(now: unknown, sent: unknown, answer: unknown): unknown {
  if (isSame(sent, answer)) return now;
  if (isSame(now, sent)) return answer;
  if (Array.isArray(now) && Array.isArray(sent) && Array.isArray(answer))
    return mergedList(now, sent, answer);
  if (isParts(now) && isParts(sent) && isParts(answer)) return mergedParts(now, sent, answer);
  // Changed here meanwhile: what stands there now is what this person wants.
  return now;
}

function mergedParts(
  now: Record<string, unknown>,
  sent: Record<string, unknown>,
  answer: Record<string, unknown>,
): Record<string, unknown> {
  const changed = Object.entries(answer).map(([name, value]) => [name, merged(now[name], sent[name], value)]);
  return { ...now, ...Object.fromEntries(changed) };
}

/** The draft of now with what an answer changes of the one that was sent: what was typed meanwhile stays. */
export const withAnswer = (now: Draft, sent: Draft, answer: Draft): Draft => ({
  ...now,
  ...mergedParts({ ...now }, { ...sent }, { ...answer }),
});

/** The same of an answer that adds to advice and tests, and does not only fill what is empty. */
export const withAdded = (now: Draft, sent: Draft, answer: Draft): Draft => {
  const texts = (["advice", "investigations"] as const).map((name) => [
    name,
    now[name] === sent[name] ? answer[name] : mergedText(now[name], sent[name], answer[name]),
  ]);
  return { ...withAnswer(now, sent, answer), ...Object.fromEntries(texts) };
};
