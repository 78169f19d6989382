import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { isPlain } from "../../app/keymap";
import { queryKeys, refreshRows } from "../../app/queries";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Kbd, Problem, Waiting } from "../../shared/parts";
import { useCopy, usePictureUrl } from "./actions";
import classes from "./Files.module.css";

/** The pages of a PDF, as wide as the dialog. They come as pictures: nothing of the file itself reaches the window. */
export function Document({ file, onClose }: { file: AttachmentView; onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const copy = useCopy(file);
  const [page, setPage] = useState(0);
  const kept = { staleTime: Infinity, gcTime: 0 };
  const count = useQuery({
    queryKey: queryKeys.pageCount(file.id),
    queryFn: () => backend.countPages(file.id),
    ...kept,
  });
  const pages = count.data ?? 0;
  const drawn = useQuery({
    queryKey: queryKeys.documentPage(file.id, page),
    queryFn: () => backend.drawPage(file.id, page),
    enabled: pages > 0,
    ...kept,
  });
  // What was fetched is here from now on.
  useEffect(() => {
    if (pages > 0) void refreshRows(client);
  }, [pages, client]);
  const turn = useCallback(
    (to: number) => {
      if (to >= 0 && to < pages) setPage(to);
    },
    [pages],
  );
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const ways: Record<string, number> = { PageUp: page - 1, PageDown: page + 1, Home: 0, End: pages - 1 };
      const to = ways[event.key];
      if (to === undefined || !isPlain(event)) return;
      event.preventDefault();
      turn(to);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [page, pages, turn]);
  const url = usePictureUrl(drawn.data, "image/png");
  const { files: words, common } = messages;
  const label = words.picture(file.fileName, words.kindOf(file.kind));
  const failed = count.error ? count : drawn.error ? drawn : null;
  const isWaiting = count.isFetching || drawn.isFetching;
  return (
    <Dialog label={label} size="page" onClose={onClose}>
      <div className={classes.dialog}>
        <div className={classes.bar}>
          <h2>{file.description ?? file.fileName}</h2>
          {pages > 0 && (
            <p role="status" data-testid="document-place">
              {words.page(page + 1, pages)}
            </p>
          )}
          <div className={classes.buttons}>
            {pages > 1 && (
              <>
                <Button
                  variant="default"
                  aria-disabled={page === 0}
                  rightSection={<Kbd>PgUp</Kbd>}
                  onClick={() => turn(page - 1)}
                >
                  {words.pageBefore}
                </Button>
                <Button
                  variant="default"
                  aria-disabled={page + 1 === pages}
                  rightSection={<Kbd>PgDn</Kbd>}
                  onClick={() => turn(page + 1)}
                >
                  {words.pageAfter}
                </Button>
              </>
            )}
            <Button variant="default" loading={copy.isPending} onClick={() => copy.mutate()}>
              {words.save}
            </Button>
            <Button data-autofocus onClick={onClose}>
              {common.close}
            </Button>
          </div>
        </div>
        {copy.error && <Problem error={copy.error} />}
        {failed && !isWaiting && <Problem error={failed.error} onRetry={() => void failed.refetch()} />}
        {isWaiting && (
          <>
            <p role="status">{pages > 0 ? words.drawing : words.loading}</p>
            <Waiting rows={3} />
          </>
        )}
        {url !== undefined && (
          <img
            className={classes.page}
            src={url}
            alt={words.pageOf(page + 1, pages, file.fileName)}
            data-testid="document-page"
          />
        )}
      </div>
    </Dialog>
  );
}
