import type { Draft } from "../../ipc/bindings/Draft";

/** Letters typed within this time of each other are one step. */
const together = 1_000;
const longest = 200;

/** The steps of one draft. Letters of one field go back together; a line, a key or a repetition is a step by itself. */
export class History {
  private past: Draft[] = [];
  private future: Draft[] = [];
  private last = { field: "", at: 0 };

  /** Notes how the draft was before a change of these parts. */
  note(before: Draft, parts: string[], now: number, isStep = false): void {
    const isText = !isStep && !parts.includes("items") && !parts.includes("diagnoses");
    const field = isText ? parts.join() : "";
    const isSame = isText && field === this.last.field && now - this.last.at < together;
    this.last = { field, at: now };
    if (isSame) return;
    this.past = [...this.past.slice(1 - longest), before];
    this.future = [];
  }

  /** The draft one step back, or null at the beginning. */
  back(current: Draft): Draft | null {
    const before = this.past.pop();
    if (!before) return null;
    this.future.push(current);
    this.last = { field: "", at: 0 };
    return before;
  }

  /** The draft one step forth again, or null at the end. */
  forth(current: Draft): Draft | null {
    const after = this.future.pop();
    if (!after) return null;
    this.past.push(current);
    this.last = { field: "", at: 0 };
    return after;
  }
}
