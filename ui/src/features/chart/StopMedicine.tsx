import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import type { Running } from "../../ipc/bindings/Running";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import classes from "./Known.module.css";

/** Why a medicine is stopped. What was stopped can be taken up again at once. */
export function StopMedicine({ medicine, onClose }: { medicine: Running; onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [reason, setReason] = useState("");
  const { running: words, common } = messages;
  const { id, title, directions } = medicine;
  const stop = useMutation({
    mutationFn: () => backend.stopMedicine(id, reason),
    onSuccess: () => {
      void refreshRows(client);
      toast(words.stopped(title), () => backend.resumeMedicine(id).then(() => refreshRows(client)));
    },
  });
  return (
    <TypedDialog
      label={words.stopTitle(title)}
      isTyped={reason !== ""}
      isSaving={stop.isPending}
      onClose={onClose}
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          // Said with the call, it closes no other dialog that was opened meanwhile.
          if (!stop.isPending) stop.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <h2>{words.stopTitle(title)}</h2>
        <p lang={langOf(directions)}>{directions}</p>
        <p>{words.stopText}</p>
        <TextInput
          label={words.reason}
          placeholder={words.reasonHint}
          data-autofocus
          maxLength={300}
          autoComplete="off"
          value={reason}
          readOnly={stop.isPending}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {stop.error && <Problem error={stop.error} />}
        <div className={classes.actions}>
          <Button type="submit" loading={stop.isPending} disabled={reason.trim() === ""}>
            {words.stop}
          </Button>
          <Button variant="default" disabled={stop.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}
