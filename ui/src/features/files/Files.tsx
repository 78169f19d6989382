import { Button } from "@mantine/core";
import { IconFileText, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queryKeys } from "../../app/queries";
import type { DroppedFiles } from "../../ipc/backend";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { shortDay } from "../../shared/format";
import { Parts, Problem, Waiting } from "../../shared/parts";
import { AddDropped } from "./AddDropped";
import { AddFile } from "./AddFile";
import { Document } from "./Document";
import classes from "./Files.module.css";
import { Picture } from "./Picture";
import { Place, SendAgain } from "./Place";
import { RemoveFile } from "./RemoveFile";
import { SmallPicture } from "./SmallPicture";
import { useCopy, useSendAgain } from "./actions";

/** The files in a patient's record, where each of them is, and what can be done with it. */
export function Files({ patientId, name }: { patientId: string; name: string }) {
  const backend = useBackend();
  const [isChoosing, setChoosing] = useState(false);
  // One after the other: none of them is lost to the next.
  const [drops, setDrops] = useState<DroppedFiles[]>([]);
  const [dropped] = drops;
  const isOver = useDrops((one) => setDrops((all) => [...all, one]));
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.files(patientId),
    queryFn: () => backend.listAttachments(patientId),
  });
  const { files: words } = messages;
  return (
    <section className={classes.card} aria-labelledby="files-title" data-testid="files">
      <header className={classes.head}>
        <h2 id="files-title">{words.title}</h2>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          onClick={() => setChoosing(true)}
        >
          {words.add}
        </Button>
      </header>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting rows={2} />}
      {data?.length === 0 && (
        <p className={classes.empty}>
          {words.none} {words.noneHint} “{words.add}”.
        </p>
      )}
      {data && data.length > 0 && (
        <ul>
          {data.map((file) => (
            <OneFile key={file.id} file={file} />
          ))}
        </ul>
      )}
      {isOver && (
        <p className={classes.drop} role="status" data-testid="drop-area">
          {words.dropHere(name)}
        </p>
      )}
      {isChoosing && <AddFile patientId={patientId} onClose={() => setChoosing(false)} />}
      {!isChoosing && dropped && (
        <AddDropped
          key={dropped.token}
          patientId={patientId}
          name={name}
          dropped={dropped}
          onClose={() => setDrops((all) => all.filter((one) => one.token !== dropped.token))}
        />
      )}
    </section>
  );
}

/** Hears of files that are dropped anywhere onto the window; whether some are over it now. */
function useDrops(onDrop: (files: DroppedFiles) => void): boolean {
  const backend = useBackend();
  const [isOver, setOver] = useState(false);
  useEffect(
    () =>
      backend.listen((event) => {
        if (event.name === "files-over") setOver(event.payload);
        else if (event.name === "files-dropped") onDrop(event.payload);
      }),
    [backend, onDrop],
  );
  return isOver;
}

function OneFile({ file }: { file: AttachmentView }) {
  const [shown, setShown] = useState<"picture" | "document" | "remove" | null>(null);
  const copy = useCopy(file);
  const again = useSendAgain(file);
  const { files: words } = messages;
  const shownAs = file.isPicture ? "picture" : file.mime === "application/pdf" ? "document" : null;
  const error = copy.error ?? again.error;
  return (
    <li className={classes.file} data-testid="file">
      {file.isPicture ? (
        <SmallPicture file={file} />
      ) : (
        <IconFileText size={28} stroke={1.4} aria-hidden="true" />
      )}
      <div className={classes.about}>
        <p className={classes.name}>{file.description ?? file.fileName}</p>
        <p className={classes.facts}>
          <Parts
            parts={[
              words.kindOf(file.kind),
              file.teeth.length > 0 ? words.teethOf(file.teeth.length, file.teeth.join(", ")) : null,
              file.description === null ? null : file.fileName,
              words.size(file.bytes),
              shortDay(file.addedAt),
            ]}
          />
        </p>
        <Place file={file} />
        {error && <Problem error={error} />}
      </div>
      <div className={classes.actions}>
        <SendAgain file={file} again={again} />
        {shownAs && (
          <Button
            size="xs"
            variant="default"
            aria-label={words.openFile(file.fileName)}
            data-testid="open-file"
            onClick={() => setShown(shownAs)}
          >
            {words.open}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          loading={copy.isPending}
          aria-label={words.saveFile(file.fileName)}
          onClick={() => copy.mutate()}
        >
          {words.save}
        </Button>
        {file.mayRemove && (
          <Button
            size="xs"
            variant="subtle"
            aria-label={words.removeFile(file.fileName)}
            onClick={() => setShown("remove")}
          >
            {words.remove}
          </Button>
        )}
      </div>
      {shown === "picture" && <Picture file={file} onClose={() => setShown(null)} />}
      {shown === "document" && <Document file={file} onClose={() => setShown(null)} />}
      {shown === "remove" && <RemoveFile file={file} onClose={() => setShown(null)} />}
    </li>
  );
}
