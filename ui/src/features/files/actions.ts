import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { refreshRows } from "../../app/queries";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { useToast } from "../../shared/toasts";

/** Saves a copy where a person says, and says where that was. */
export function useCopy(file: AttachmentView) {
  const backend = useBackend();
  const toast = useToast();
  return useMutation({
    mutationFn: () => backend.saveAttachment(file.id),
    onSuccess: (path) => {
      if (path !== null) toast(messages.files.saved(path));
    },
  });
}

/** Has a file that the server refused sent again. */
export function useSendAgain(file: AttachmentView) {
  const backend = useBackend();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => backend.sendAttachmentAgain(file.id),
    onSuccess: () => refreshRows(client),
  });
}

/** An address for the bytes of a picture, as long as they are shown. */
export function usePictureUrl(bytes: ArrayBuffer | undefined, mime: string): string | undefined {
  const [made, setMade] = useState<{ bytes: ArrayBuffer; url: string }>();
  useEffect(() => {
    if (bytes === undefined) return undefined;
    const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
    // oxlint-disable-next-line react/set-state-in-effect -- an address must be taken back by the effect that made it
    setMade({ bytes, url });
    return () => URL.revokeObjectURL(url);
  }, [bytes, mime]);
  return made?.bytes === bytes ? made?.url : undefined;
}
