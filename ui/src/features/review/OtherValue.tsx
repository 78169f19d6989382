import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { ConflictEntry } from "../../ipc/bindings/ConflictEntry";
import { messages } from "../../messages";
import { useInstead, useUnsaved } from "../../shared/unsaved";
import classes from "./Review.module.css";
import { valueText } from "./words";

interface Props {
  entry: ConflictEntry;
  isPending: boolean;
  onTake: (typed: string) => void;
  onCancel: () => void;
}

/** A value that is neither of the two. Enter takes it, Esc thinks better of it, after a question if something is typed. */
export function OtherValue({ entry, isPending, onTake, onCancel }: Props) {
  const initial = entry.kind === "choice" ? (entry.choices[0] ?? "") : "";
  const [typed, setTyped] = useState(initial);
  const isTyped = typed !== initial;
  useUnsaved(isTyped, isPending);
  const instead = useInstead();
  const text = useRef<HTMLInputElement>(null);
  const select = useRef<HTMLSelectElement>(null);
  useEffect(() => (text.current ?? select.current)?.focus(), []);
  const { review } = messages;
  const { dayPlaceholder } = messages.patient;
  return (
    <form
      className={classes.other}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) onTake(typed);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        if (isTyped) instead(onCancel);
        else onCancel();
      }}
    >
      {entry.kind === "choice" ? (
        <NativeSelect
          ref={select}
          aria-label={review.otherValue}
          value={typed}
          onChange={(event) => isPending || setTyped(event.currentTarget.value)}
          data={entry.choices.map((choice) => ({ value: choice, label: valueText(choice) }))}
        />
      ) : (
        <TextInput
          ref={text}
          aria-label={review.otherValue}
          placeholder={entry.kind === "date" ? dayPlaceholder : review.otherValue}
          inputMode={entry.kind === "number" ? "decimal" : "text"}
          value={typed}
          onChange={(event) => isPending || setTyped(event.currentTarget.value)}
        />
      )}
      <Button type="submit" disabled={isPending}>
        {review.takeOther}
      </Button>
    </form>
  );
}
