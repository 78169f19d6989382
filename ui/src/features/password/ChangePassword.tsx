import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { queryKeys, useSyncStatus } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { langOf, problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { useTyped } from "../../shared/form";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import dialog from "../../shared/Dialog.module.css";
import classes from "./ChangePassword.module.css";

interface Props {
  /** Whether it opens by itself: letters that were meant for something else then go into no field. */
  isUnasked?: boolean;
  onClose: () => void;
}

/** Whoever is signed in chooses another password. What they work on stays on the screen below. */
export function ChangePassword({ isUnasked = false, onClose }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const notices = useSyncStatus().data?.notices ?? [];
  // With the change the notice goes away, and the words stay.
  const [isOneTime] = useState(notices.some(({ code }) => code === "password_change_required"));
  const { password, common } = messages;
  const [isShown, setShown] = useState(false);
  const labels = {
    old: isOneTime ? password.oldOneTime : password.old,
    fresh: password.fresh,
    again: password.again,
  };
  const { typed, field } = useTyped({ old: "", fresh: "", again: "" }, labels);
  const fault = useFault(typed.old, typed.fresh);
  const change = useMutation({
    mutationKey: ["change-password"],
    mutationFn: (sent: Record<Place, string>) => backend.changePassword(sent.old, sent.fresh),
    onSuccess: (state) => {
      client.setQueryData(queryKeys.appState, state);
      toast(password.changed);
      onClose();
    },
    onError: (error, sent) => {
      // What is typed anew before the answer came would be written over.
      if (problemOf(error).code !== "wrong_password" || old.current?.value !== sent.old) return;
      old.current.focus();
      old.current.select();
    },
  });
  const old = useRef<HTMLInputElement>(null);
  const fresh = useRef<HTMLInputElement>(null);
  const again = useRef<HTMLInputElement>(null);
  const sentence = useId();
  const [missing, where] = missingIn(typed, fault);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (where) ({ old, fresh, again })[where].current?.focus();
    else if (!change.isPending) change.mutate(typed);
  };
  const shared = {
    type: isShown ? "text" : "password",
    required: false,
    // While it is changed nothing more is taken: it would go with the dialog.
    readOnly: change.isPending,
    "aria-describedby": sentence,
  };
  const status = change.isPending ? password.waiting : missing;
  const title = isOneTime ? password.choose : password.change;
  return (
    <Dialog label={title} onClose={() => change.isPending || onClose()}>
      <form className={dialog.form} data-testid="change-password" noValidate onSubmit={submit}>
        <h2 tabIndex={-1} data-autofocus={isUnasked ? "" : undefined}>
          {title}
        </h2>
        <p>{isOneTime ? password.oneTime : password.lead}</p>
        <TextInput {...field("old")} {...shared} ref={old} data-autofocus autoComplete="current-password" />
        <TextInput {...field("fresh")} {...shared} ref={fresh} autoComplete="new-password" />
        <TextInput {...field("again")} {...shared} ref={again} autoComplete="new-password" />
        <p id={sentence} role="status" className={classes.missing} lang={langOf(status)}>
          {status}
        </p>
        <label className={classes.show}>
          <input
            type="checkbox"
            checked={isShown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />
          {password.show}
        </label>
        {change.error && <Problem error={change.error} />}
        <div className={dialog.buttons}>
          <Button variant="default" disabled={change.isPending} onClick={onClose}>
            {isOneTime ? password.later : common.cancel}
          </Button>
          <Button type="submit" loading={change.isPending}>
            {password.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Place = "old" | "fresh" | "again";

/** What is still missing, in a sentence, and where it is typed. */
function missingIn(typed: Record<Place, string>, fault: string | null): [string, Place | null] {
  const { hint, missing } = messages.password;
  if (typed.fresh === "") return [hint, typed.old === "" ? "old" : "fresh"];
  if (fault) return [fault, "fresh"];
  if (typed.again === "") return [missing.again, "again"];
  if (typed.again !== typed.fresh) return [missing.differs, "again"];
  return typed.old === "" ? [missing.old, "old"] : [missing.nothing, null];
}

/** What speaks against a new password. It is never kept with what is known of rows. */
function useFault(old: string, fresh: string): string | null {
  const backend = useBackend();
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    if (fresh === "") return;
    let isLatest = true;
    backend.passwordFault(old, fresh).then(
      (said) => isLatest && setFault(said),
      // Whoever is not signed in any more is told so when they go on.
      () => isLatest && setFault(null),
    );
    return () => {
      isLatest = false;
    };
  }, [backend, old, fresh]);
  return fault;
}
