import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { LanguageChoice } from "../../app/LanguageChoice";
import { messages } from "../../messages";
import { CurrentPassword, useTyped } from "../../shared/form";
import { Logo } from "../../shared/Logo";
import { Problem } from "../../shared/parts";
import classes from "./Enrol.module.css";

const empty = { server: "", code: "", email: "", password: "", deviceName: "" };

/** The first screen of a new computer. */
export function Enrol() {
  const backend = useBackend();
  const client = useQueryClient();
  const { enrol, common } = messages;
  const { typed, field } = useTyped(empty, enrol);
  const mutation = useMutation({
    mutationFn: () => backend.enrol(typed),
    onSuccess: (state) => client.setQueryData(queryKeys.appState, state),
  });
  return (
    <main className={classes.screen}>
      <section className={classes.left}>
        <div className={classes.brand}>
          <Logo size={40} />
          <strong>{common.product}</strong>
        </div>
        <h1>{enrol.title}</h1>
        <p className={classes.lead}>{enrol.lead}</p>
        <h2>{enrol.stepsTitle}</h2>
        <ol>
          {enrol.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <LanguageChoice />
      </section>
      <section className={classes.right}>
        <form
          className={classes.form}
          data-testid="enrol-form"
          aria-label={enrol.title}
          onSubmit={(event) => {
            event.preventDefault();
            mutation.mutate();
          }}
        >
          <TextInput {...field("server")} description={enrol.serverHint} autoFocus />
          <TextInput {...field("code")} description={enrol.codeHint} autoComplete="one-time-code" />
          <TextInput {...field("email")} type="email" autoComplete="username" />
          <CurrentPassword {...field("password")} />
          <TextInput {...field("deviceName")} description={enrol.deviceNameHint} />
          {mutation.error && <Problem error={mutation.error} />}
          <Button type="submit" size="md" loading={mutation.isPending}>
            {enrol.submit}
          </Button>
        </form>
      </section>
    </main>
  );
}
