import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import type { Conflict } from "../../ipc/bindings/Conflict";
import type { CorrectedField } from "../../ipc/bindings/CorrectedField";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { CorrectDialog } from "../sync/CorrectDialog";

/** The refused change itself, asked of the server; where nobody is at its computer any more it is corrected here. */
export function RefusedElsewhere({ conflict, onCorrected }: { conflict: Conflict; onCorrected: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { refused } = messages.review;
  const [isOpen, setOpen] = useState(false);
  const look = useMutation({ mutationFn: () => backend.lookAtRefused(conflict.id) });
  const correct = useMutation({
    mutationFn: (corrected: CorrectedField[]) => backend.correctRefused(conflict.id, corrected),
    onSuccess: () => {
      toast(refused.corrected);
      setOpen(false);
      void refreshRows(client);
    },
  });
  return (
    <>
      <Button
        variant="default"
        loading={look.isPending}
        // What comes late opens over nothing that was opened meanwhile.
        onClick={() =>
          look.mutate(undefined, { onSuccess: () => setOpen(!document.querySelector("dialog[open]")) })
        }
      >
        {refused.look}
      </Button>
      {look.error && <Problem error={look.error} />}
      {isOpen && look.data && (
        <CorrectDialog
          change={look.data}
          error={correct.error}
          isPending={correct.isPending}
          onClose={() => {
            setOpen(false);
            correct.reset();
          }}
          // Said with the call, it leads nobody away who went on to another item meanwhile.
          onSend={(corrected) => correct.mutate(corrected, { onSuccess: onCorrected })}
        />
      )}
    </>
  );
}
