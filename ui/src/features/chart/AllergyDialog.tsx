import { Button, NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import type { AllergyForm } from "../../ipc/bindings/AllergyForm";
import type { AllergyView } from "../../ipc/bindings/AllergyView";
import type { PatientId } from "../../ipc/bindings/PatientId";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import { emptyAllergy, Reaction, Substance } from "./AllergyFields";
import classes from "./Known.module.css";

interface Props {
  patientId: PatientId;
  /** The one that is changed; none for a new one. */
  allergy: AllergyView | null;
  onClose: () => void;
}

/** Notes an allergy, or changes what is noted of one. */
export function AllergyDialog({ patientId, allergy, onClose }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  // What came from elsewhere while the form stands open is not what this person saw.
  const [seen] = useState(allergy);
  const [form, setForm] = useState(seen?.form ?? emptyAllergy);
  const [checkedBy, setCheckedBy] = useState(seen?.checkedBy ?? null);
  const isTyped = JSON.stringify(form) !== JSON.stringify(seen?.form ?? emptyAllergy);
  const { known, common } = messages;
  const title = seen ? known.changeAllergy(seen.form.substance) : known.addAllergy;
  const save = useMutation({
    mutationFn: (sent: AllergyForm) =>
      seen ? backend.changeAllergy(patientId, seen.id, seen.form, sent) : backend.addAllergy(patientId, sent),
    onSuccess: (_, sent) => {
      void refreshRows(client);
      toast(seen ? known.changed(sent.substance) : known.saved(sent.substance));
    },
  });
  const change = (changed: AllergyForm) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (!save.isPending) setForm(changed);
  };
  return (
    <TypedDialog label={title} isTyped={isTyped} isSaving={save.isPending} onClose={onClose}>
      <form
        className={classes.form}
        data-testid="allergy-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          // Said with the call, it closes no other dialog that was opened meanwhile.
          if (!save.isPending) save.mutate(form, { onSuccess: onClose });
        }}
      >
        <h2>{title}</h2>
        <Substance
          form={form}
          checkedBy={checkedBy}
          autoFocus={seen === null}
          onChange={(changed, name) => {
            change(changed);
            if (!save.isPending) setCheckedBy(name);
          }}
        />
        <Reaction form={form} onChange={change} />
        {seen && (
          <NativeSelect
            label={known.status}
            description={known.statusHint}
            data-autofocus
            value={form.status}
            data={[
              { value: "active", label: known.statuses.active },
              { value: "inactive", label: known.statuses.inactive },
              { value: "entered_in_error", label: known.statuses.entered_in_error },
            ]}
            onChange={(event) => change({ ...form, status: event.currentTarget.value })}
          />
        )}
        {save.error && <Problem error={save.error} />}
        <div className={classes.actions}>
          <Button type="submit" loading={save.isPending}>
            {known.save}
          </Button>
          <Button variant="default" disabled={save.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}
