import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import { useSession, writeOutside } from "../../app/session";
import type { PrescriptionSummary } from "../../ipc/bindings/PrescriptionSummary";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import classes from "./Prescription.module.css";

/** The two ways in which a signed prescription ends: a later version replaces it, or it is void. */
export function Withdraw({
  prescription,
  patientId,
}: {
  prescription: PrescriptionSummary;
  patientId: string;
}) {
  const backend = useBackend();
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const { session, unwritten } = useSession();
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const { prescription: words, common } = messages;
  const amend = useMutation({
    mutationFn: () =>
      writeOutside(unwritten, patientId, async () => {
        await backend.saveDraft(patientId, await backend.amendPrescription(prescription.id));
      }),
  });
  // Said with the call, it leads nowhere once this screen was left.
  const toPad = () => void navigate({ to: "/patients/$patientId/pad", params: { patientId } });
  const withdraw = useMutation({
    mutationFn: () => backend.voidPrescription(prescription.id, reason),
    onSuccess: () => {
      setAsking(false);
      toast(words.voided);
      void refreshRows(client);
    },
  });
  if (!session.mayPrescribe || prescription.status !== "finalised") return null;
  const title = words.voidTitle(prescription.number ?? words.noNumber);
  return (
    <>
      {amend.error && <Problem error={amend.error} />}
      <div className={classes.ways}>
        <Button
          variant="default"
          loading={amend.isPending}
          onClick={() => amend.mutate(undefined, { onSuccess: toPad })}
        >
          {words.amend}
        </Button>
        <Button variant="default" onClick={() => setAsking(true)}>
          {words.void}
        </Button>
      </div>
      {isAsking && (
        <TypedDialog
          label={title}
          isTyped={reason !== ""}
          isSaving={withdraw.isPending}
          onClose={() => setAsking(false)}
        >
          <form
            className={classes.ask}
            onSubmit={(event) => {
              event.preventDefault();
              if (!withdraw.isPending) withdraw.mutate();
            }}
          >
            <h2>{title}</h2>
            <p>{words.voidText}</p>
            <TextInput
              label={words.voidReason}
              autoFocus
              maxLength={300}
              autoComplete="off"
              value={reason}
              readOnly={withdraw.isPending}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            {withdraw.error && <Problem error={withdraw.error} />}
            <div className={classes.ways}>
              <Button variant="default" disabled={withdraw.isPending} onClick={() => setAsking(false)}>
                {common.cancel}
              </Button>
              <Button type="submit" loading={withdraw.isPending} disabled={reason.trim() === ""}>
                {words.void}
              </Button>
            </div>
          </form>
        </TypedDialog>
      )}
    </>
  );
}
