import { Button, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { RefusedChange } from "../../ipc/bindings/RefusedChange";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { TypedDialog } from "../../shared/TypedDialog";
import classes from "./SyncCentre.module.css";

interface Props {
  change: RefusedChange;
  way: "discard" | "hand_over";
  error: unknown;
  isPending: boolean;
  onClose: () => void;
  onSend: (reason: string) => void;
}

/** Why a refused change is handed over, or discarded: both need a reason, and the second is said once more. */
export function ReasonDialog({ change, way, error, isPending, onClose, onSend }: Props) {
  const [reason, setReason] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const { refused } = messages.sync;
  const { common } = messages;
  const words = refused.dialogs[way];
  const title = words.title(change.sequence);
  return (
    <TypedDialog label={title} isTyped={reason !== ""} isSaving={isPending} onClose={onClose}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          onSend(reason);
        }}
      >
        <h2>{title}</h2>
        <p>
          <strong>{[change.title, change.patientName].filter(Boolean).join(", ")}</strong>
        </p>
        <p>{words.text}</p>
        <TextInput
          ref={input}
          label={refused.reason}
          value={reason}
          required
          readOnly={isPending}
          maxLength={300}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {Boolean(error) && <Problem error={error} />}
        <div className={classes.buttons}>
          <Button variant="default" disabled={isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" {...(way === "discard" ? { color: "red" } : {})} loading={isPending}>
            {words.send}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}
