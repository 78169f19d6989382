import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { CurrentPassword } from "../../shared/form";
import { Problem } from "../../shared/parts";
import { useUnsaved } from "../../shared/unsaved";
import classes from "./SyncCentre.module.css";

/** A restored server does not know this computer: an admin's code makes it known again, with all that is on it. */
export function EnrolAgain() {
  const backend = useBackend();
  const client = useQueryClient();
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const { enrol } = messages;
  const { again } = messages.sync;
  const enrolAgain = useMutation({
    mutationFn: () => backend.enrolAgain(code, password),
    onSuccess: (state) => {
      setCode("");
      setPassword("");
      client.setQueryData(queryKeys.appState, state);
    },
  });
  useUnsaved(code !== "" || password !== "", enrolAgain.isPending);
  return (
    <section className={classes.card} aria-labelledby="again-title">
      <h2 id="again-title">{again.title}</h2>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          enrolAgain.mutate();
        }}
      >
        <p>{again.lead}</p>
        <TextInput
          label={enrol.code}
          value={code}
          autoComplete="off"
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <CurrentPassword
          label={again.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {enrolAgain.error && <Problem error={enrolAgain.error} />}
        <Button type="submit" loading={enrolAgain.isPending} disabled={!code.trim() || !password}>
          {again.submit}
        </Button>
      </form>
    </section>
  );
}
