import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { CurrentPassword } from "../../shared/form";
import { Problem } from "../../shared/parts";
import dialog from "../../shared/Dialog.module.css";

/** Asks an admin for their password once more, and makes another recovery code for this computer. */
export function NewCode({ onClose }: { onClose: () => void }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const { recovery, common } = messages;
  const make = useMutation({
    mutationFn: () => backend.newRecoveryCode(password),
    onSuccess: (state) => client.setQueryData(queryKeys.appState, state),
  });
  return (
    <Dialog label={recovery.make} onClose={onClose}>
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <h2>{recovery.make}</h2>
        <p>{recovery.makeText}</p>
        <CurrentPassword
          label={recovery.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {make.error && <Problem error={make.error} />}
        <div className={dialog.buttons}>
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={make.isPending}>
            {recovery.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
