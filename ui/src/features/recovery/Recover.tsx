import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { CurrentPassword, useTyped } from "../../shared/form";
import { Problem } from "../../shared/parts";
import classes from "./Recovery.module.css";

const empty = { recoveryCode: "", code: "", email: "", password: "" };

interface Props {
  /** Of the code that opens a computer whose keys are lost; without it the keys are there, and the server does not know it. */
  fingerprint?: string;
  email?: string;
}

/** Opens a computer that no password opens any more. */
export function Recover({ fingerprint, email = "" }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const { recover } = messages.recovery;
  const { typed, field } = useTyped({ ...empty, email }, recover);
  const mutation = useMutation({
    mutationFn: () => backend.recover(typed),
    onSuccess: (state) => client.setQueryData(queryKeys.appState, state),
  });
  return (
    <form
      className={classes.form}
      data-testid="recover-form"
      aria-label={recover.title}
      onSubmit={(event) => {
        event.preventDefault();
        mutation.mutate();
      }}
    >
      <h2>{recover.title}</h2>
      <p>{fingerprint ? recover.lead(fingerprint) : recover.unknown.lead}</p>
      <TextInput
        {...field("recoveryCode")}
        description={recover.recoveryCodeHint}
        autoComplete="off"
        autoFocus
      />
      <TextInput {...field("code")} description={recover.codeHint} autoComplete="one-time-code" />
      <TextInput {...field("email")} type="email" autoComplete="username" />
      <CurrentPassword {...field("password")} />
      {mutation.error && <Problem error={mutation.error} />}
      <p>{fingerprint ? recover.after : recover.unknown.after}</p>
      <Button type="submit" size="md" loading={mutation.isPending}>
        {recover.submit}
      </Button>
    </form>
  );
}
