import { useMutation, useQueryClient } from "@tanstack/react-query";
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
