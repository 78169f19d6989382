import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import type { StaffView } from "../../ipc/bindings/StaffView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Problem, ShownOnce } from "../../shared/parts";
import { useThere } from "../../shared/there";
import { useToast } from "../../shared/toasts";
import { TypedDialog } from "../../shared/TypedDialog";
import dialog from "../../shared/Dialog.module.css";

/** A one-time password that was just made. */
export interface Given {
  name: string;
  password: string;
  /** Whether it is their first one. */
  isNew: boolean;
}

interface GiveProps {
  person: StaffView;
  onGiven: (given: Given) => void;
  onClose: () => void;
}

/** Asks before somebody gets a one-time password in the place of theirs. */
export function GivePassword({ person, onGiven, onClose }: GiveProps) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const isThere = useThere();
  const { staff, common } = messages;
  const { fullName: name } = person.form;
  const give = useMutation({
    // What a mutation answers is kept for a while: the password is handed on instead.
    mutationFn: async () => {
      const password = await backend.givePassword(person.id);
      if (isThere.current) onGiven({ name, password, isNew: false });
      else toast(staff.givenUnseen(name));
    },
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.staff }),
  });
  return (
    <TypedDialog label={staff.giveTitle(name)} isTyped={false} isSaving={give.isPending} onClose={onClose}>
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (!give.isPending) give.mutate();
        }}
      >
        <h2>{staff.giveTitle(name)}</h2>
        <p>{staff.giveText}</p>
        {give.error && <Problem error={give.error} />}
        <div className={dialog.buttons}>
          <Button variant="default" disabled={give.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={give.isPending}>
            {staff.giveSubmit}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}

/** Shows a one-time password, once. */
export function GivenPassword({ given, onClose }: { given: Given; onClose: () => void }) {
  const { staff } = messages;
  const title = staff.givenTitle(given.name);
  return (
    <Dialog label={title} onClose={onClose}>
      <div className={dialog.form} data-testid="one-time-password">
        <h2>{title}</h2>
        {/* The focus begins here: a key that is still held down does not close what nobody has read. */}
        <ShownOnce
          label={`${staff.given}: ${given.password}`}
          tabIndex={-1}
          data-autofocus
          data-testid="the-password"
        >
          {given.password}
        </ShownOnce>
        <p>{given.isNew ? staff.givenNew : staff.givenAgain}</p>
        <p>{staff.givenOnce}</p>
        <div className={dialog.buttons}>
          <Button onClick={onClose}>{staff.done}</Button>
        </div>
      </div>
    </Dialog>
  );
}
