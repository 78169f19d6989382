import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState } from "react";
import { refreshRows } from "../../app/queries";
import type { AttachmentForm } from "../../ipc/bindings/AttachmentForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import classes from "./Files.module.css";

export const emptyForm: AttachmentForm = { kind: "xray", description: "", teeth: "" };

/** Says what a file is; then the system's own dialog asks which one. */
export function AddFile({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [form, setForm] = useState(emptyForm);
  const kind = useRef<HTMLSelectElement>(null);
  useEffect(() => kind.current?.focus(), []);
  const { files: words, common } = messages;
  const add = useMutation({
    mutationFn: () => backend.addAttachment(patientId, form),
    onSuccess: (file) => {
      // Whoever closed the system's dialog goes on in this one.
      if (file === null) return;
      toast(words.added(file.fileName));
      void refreshRows(client);
    },
  });
  return (
    <TypedDialog
      label={words.addTitle}
      isTyped={form !== emptyForm}
      isSaving={add.isPending}
      onClose={onClose}
    >
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          // Said with the call, it closes no other dialog that was opened meanwhile.
          add.mutate(undefined, { onSuccess: (file) => file !== null && onClose() });
        }}
      >
        <h2>{words.addTitle}</h2>
        <p>{words.addText}</p>
        <FileFields form={form} isSaved={add.isPending} onChange={setForm} first={kind} />
        {add.error && <Problem error={add.error} />}
        <div className={classes.buttons}>
          <Button variant="default" disabled={add.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {words.choose}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}

interface Fields {
  form: AttachmentForm;
  /** Whether it is just being saved. */
  isSaved: boolean;
  onChange: (form: AttachmentForm) => void;
  /** The field in which a person begins. */
  first: RefObject<HTMLSelectElement | null>;
}

/** What is said of a file. */
export function FileFields({ form, isSaved, onChange, first }: Fields) {
  const change = (part: Partial<AttachmentForm>) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (!isSaved) onChange({ ...form, ...part });
  };
  const { files: words } = messages;
  return (
    <>
      <NativeSelect
        ref={first}
        label={words.kind}
        value={form.kind}
        data={words.kinds.map(([value, label]) => ({ value, label }))}
        onChange={(event) => change({ kind: event.currentTarget.value })}
      />
      <TextInput
        label={words.description}
        value={form.description}
        maxLength={1000}
        autoComplete="off"
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
      <TextInput
        label={words.teeth}
        description={words.teethHint}
        value={form.teeth}
        autoComplete="off"
        onChange={(event) => change({ teeth: event.currentTarget.value })}
      />
    </>
  );
}
