import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages/en";
import { mobile } from "../../shared/format";
import { Dialog } from "../../shared/Dialog";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import classes from "./Review.module.css";

/** Says that another registration is the same person; whoever may not decide it proposes it. */
export function MergeDialog({ keep, onClose }: { keep: PatientSummary; onClose: () => void }) {
  const backend = useBackend();
  const { session } = useSession();
  const toast = useToast();
  const [query, setQuery] = useState("");
  const { merge } = messages.review;
  const found = useQuery({
    queryKey: queryKeys.patients(query),
    queryFn: () => backend.findPatients(query),
    enabled: query.trim() !== "",
  });
  const join = useMutation({
    mutationFn: (other: string) =>
      session.mayMerge ? backend.mergePatients(keep.id, other, "") : backend.proposeMerger(keep.id, other),
    onSuccess: () => {
      toast(session.mayMerge ? merge.merged : merge.proposed);
      onClose();
    },
  });
  const others = (found.data ?? []).filter((one) => one.id !== keep.id).slice(0, 8);
  return (
    <Dialog label={merge.title} onClose={onClose}>
      <div className={classes.merge}>
        <h2>{merge.title}</h2>
        <p>{merge.lead(keep.fullName)}</p>
        <TextInput
          autoFocus
          label={merge.find}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
        <ul>
          {others.map((other) => (
            <li key={other.id} data-testid="merge-option">
              <span>
                {[other.fullName, other.age, other.patientCode, mobile(other.mobileNumber)]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
              <Button size="xs" disabled={join.isPending} onClick={() => join.mutate(other.id)}>
                {session.mayMerge ? merge.merge : merge.propose}
              </Button>
            </li>
          ))}
        </ul>
        {join.error && <Problem error={join.error} />}
        <Button variant="default" onClick={onClose}>
          {messages.common.cancel}
        </Button>
      </div>
    </Dialog>
  );
}
