import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { refreshRows } from "../../app/queries";
import type { DroppedFiles } from "../../ipc/backend";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import { emptyForm, FileFields } from "./AddFile";
import classes from "./Files.module.css";

interface Left {
  name: string;
  /** Its place among what was dropped. */
  place: number;
  /** Why it was not taken. */
  error?: unknown;
}

interface Props {
  patientId: string;
  /** The patient's. */
  name: string;
  dropped: DroppedFiles;
  onClose: () => void;
}

/** Says what the dropped files are and adds them. What is not taken stays in sight, with why. */
export function AddDropped({ patientId, name, dropped, onClose }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [form, setForm] = useState(emptyForm);
  const [left, setLeft] = useState<Left[]>(() => dropped.names.map((name, place) => ({ name, place })));
  const kind = useRef<HTMLSelectElement>(null);
  useEffect(() => kind.current?.focus(), []);
  const { files: words, common } = messages;
  const add = useMutation({
    mutationFn: async () => {
      const added: string[] = [];
      const refused: Left[] = [];
      for (const one of left) {
        try {
          const file = await backend.addDropped(patientId, dropped.token, one.place, form);
          added.push(file.fileName);
        } catch (error) {
          refused.push({ ...one, error });
        }
      }
      return { added, refused };
    },
    onSuccess: ({ added, refused }) => {
      const [first] = added;
      if (first !== undefined) {
        toast(added.length === 1 ? words.added(first) : words.addedMany(added.length));
        void refreshRows(client);
      }
      setLeft(refused);
      if (refused.length === 0) onClose();
    },
  });
  const title = words.dropTitle(left.length, name);
  return (
    <TypedDialog label={title} isTyped={form !== emptyForm} isSaving={add.isPending} onClose={onClose}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <h2>{title}</h2>
        <p>{words.addText}</p>
        <ul className={classes.left} aria-label={words.dropped}>
          {left.map((one) => (
            <li key={one.place} data-testid="dropped-file">
              {one.name}
              {one.error !== undefined && <Problem error={one.error} />}
            </li>
          ))}
        </ul>
        <FileFields form={form} isSaved={add.isPending} onChange={setForm} first={kind} />
        <div className={classes.buttons}>
          <Button variant="default" disabled={add.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {words.addDropped(left.length)}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}
