import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { refreshRows } from "../../app/queries";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import classes from "./Files.module.css";

/** Asks once more before a file is taken out of the record. */
export function RemoveFile({ file, onClose }: { file: AttachmentView; onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { files: words, common } = messages;
  const remove = useMutation({
    mutationFn: () => backend.removeAttachment(file.id),
    onSuccess: () => {
      toast(words.removed(file.fileName));
      void refreshRows(client);
    },
  });
  const title = words.removeTitle(file.fileName);
  return (
    <TypedDialog label={title} isTyped={false} isSaving={remove.isPending} onClose={onClose}>
      <div className={classes.dialog}>
        <h2>{title}</h2>
        <p>{words.removeText}</p>
        {remove.error && <Problem error={remove.error} />}
        <div className={classes.buttons}>
          <Button variant="default" autoFocus onClick={onClose}>
            {common.cancel}
          </Button>
          <Button
            color="red"
            loading={remove.isPending}
            onClick={() => remove.mutate(undefined, { onSuccess: onClose })}
          >
            {words.remove}
          </Button>
        </div>
      </div>
    </TypedDialog>
  );
}
