import { Button } from "@mantine/core";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import classes from "./Files.module.css";
import type { useSendAgain } from "./actions";

/** Where a file is, and why the server refused it, if it did. */
export function Place({ file }: { file: AttachmentView }) {
  return (
    <>
      <p className={classes[file.place]} data-testid="file-place">
        {messages.files.places[file.place]}
      </p>
      {file.refusal !== null && (
        <p className={classes.refused} lang={langOf(file.refusal)}>
          {file.refusal}
        </p>
      )}
    </>
  );
}

interface SendAgainProps {
  file: AttachmentView;
  again: ReturnType<typeof useSendAgain>;
}

/** Has a file that the server refused sent again; of any other file, nothing. */
export function SendAgain({ file, again }: SendAgainProps) {
  if (file.place !== "refused") return null;
  const { files: words } = messages;
  return (
    <Button
      size="xs"
      variant="default"
      loading={again.isPending}
      aria-label={words.againFile(file.fileName)}
      onClick={() => again.mutate()}
    >
      {words.again}
    </Button>
  );
}
