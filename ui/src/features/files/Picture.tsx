import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Notice, Problem, Waiting } from "../../shared/parts";
import { useCopy, usePictureUrl } from "./actions";
import classes from "./Files.module.css";

/** A picture, from its bytes: no file of it is ever in the clear. The window forgets it when it is closed. */
export function Picture({ file, onClose }: { file: AttachmentView; onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const copy = useCopy(file);
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: queryKeys.file(file.id),
    queryFn: () => backend.openAttachment(file.id),
    staleTime: Infinity,
    gcTime: 0,
  });
  const isThere = data !== undefined;
  // What was fetched is here from now on.
  useEffect(() => {
    if (isThere) void refreshRows(client);
  }, [isThere, client]);
  const { files: words, common } = messages;
  const label = words.picture(file.fileName, words.kindOf(file.kind));
  return (
    <Dialog label={label} size="page" onClose={onClose}>
      <div className={classes.dialog}>
        <h2>{file.description ?? file.fileName}</h2>
        {error && !isFetching && <Problem error={error} onRetry={() => void refetch()} />}
        {isFetching && (
          <>
            <p role="status">{words.loading}</p>
            <Waiting rows={3} />
          </>
        )}
        {data && <Drawn bytes={data} mime={file.mime} label={label} />}
        {copy.error && <Problem error={copy.error} />}
        <div className={classes.buttons}>
          <Button variant="default" loading={copy.isPending} onClick={() => copy.mutate()}>
            {words.save}
          </Button>
          <Button data-autofocus onClick={onClose}>
            {common.close}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Drawn({ bytes, mime, label }: { bytes: ArrayBuffer; mime: string; label: string }) {
  const url = usePictureUrl(bytes, mime);
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <Notice>{messages.files.noPicture}</Notice>;
  if (url === undefined) return null;
  return <img className={classes.picture} src={url} alt={label} onError={() => setBroken(true)} />;
}
