import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ComponentProps, useState } from "react";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import classes from "./Recovery.module.css";

const empty = { recoveryCode: "", code: "", email: "", password: "" };

/** Opens a computer whose keys are lost. */
export function Recover({ fingerprint }: { fingerprint: string }) {
  const backend = useBackend();
  const client = useQueryClient();
  const [typed, setTyped] = useState(empty);
  const { common } = messages;
  const { recover } = messages.recovery;
  const mutation = useMutation({
    mutationFn: () => backend.recover(typed),
    onSuccess: (state) => client.setQueryData(queryKeys.appState, state),
  });
  const field = (name: keyof typeof empty): ComponentProps<typeof TextInput> => ({
    label: recover[name],
    value: typed[name],
    required: true,
    withAsterisk: false,
    size: "md",
    spellCheck: false,
    onChange: (event) => setTyped({ ...typed, [name]: event.currentTarget.value }),
  });
  const { label, value, onChange } = field("password");
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
      <p>{recover.lead(fingerprint)}</p>
      <TextInput
        {...field("recoveryCode")}
        description={recover.recoveryCodeHint}
        autoComplete="off"
        autoFocus
      />
      <TextInput {...field("code")} description={recover.codeHint} autoComplete="one-time-code" />
      <TextInput {...field("email")} type="email" autoComplete="username" />
      <PasswordInput
        label={label}
        value={value}
        onChange={onChange}
        size="md"
        required
        withAsterisk={false}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": common.showPassword }}
      />
      {mutation.error && <Problem error={mutation.error} />}
      <p>{recover.after}</p>
      <Button type="submit" size="md" loading={mutation.isPending}>
        {recover.submit}
      </Button>
    </form>
  );
}
