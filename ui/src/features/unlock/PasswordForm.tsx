import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { queryKeys } from "../../app/queries";
import type { Person } from "../../ipc/bindings/Person";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { CurrentPassword } from "../../shared/form";
import { Avatar, Problem } from "../../shared/parts";
import { Recover } from "../recovery/Recover";
import classes from "./Unlock.module.css";

/** Opens the clinic for a person of this computer, or for someone who types an e-mail first. */
export function PasswordForm({ person, submit }: { person: Person | null; submit?: string }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { unlock } = messages;
  const mutation = useMutation({
    mutationFn: (typed: string) => backend.unlock(person?.email ?? email, typed),
    onSuccess: (state) => client.setQueryData(queryKeys.appState, state),
    // What is typed anew before the answer came would be written over.
    onError: (_, typed) => field.current?.value === typed && field.current.select(),
  });
  if (!submit && mutation.error && problemOf(mutation.error).code === "device_unknown") {
    return (
      <div className={classes.form}>
        <Problem error={mutation.error} />
        <Recover email={person?.email ?? email} />
      </div>
    );
  }
  return (
    <form
      className={classes.form}
      data-testid="unlock-form"
      aria-label={person?.fullName ?? unlock.someoneElse}
      onSubmit={(event) => {
        event.preventDefault();
        mutation.mutate(password);
      }}
    >
      {person && <Avatar name={person.fullName} size="large" />}
      <h2>{person?.fullName ?? unlock.someoneElse}</h2>
      <p>{person ? unlock.typePassword : unlock.someoneElseHint}</p>
      {!person && (
        <TextInput
          label={unlock.email}
          type="email"
          size="md"
          autoFocus
          required
          withAsterisk={false}
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
      )}
      <CurrentPassword
        ref={field}
        label={unlock.password}
        size="md"
        autoFocus={person !== null}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {mutation.error && <Problem error={mutation.error} />}
      <Button type="submit" size="md" loading={mutation.isPending}>
        {submit ?? unlock.submit}
      </Button>
    </form>
  );
}
