import { PasswordInput } from "@mantine/core";
import { type ChangeEvent, type ComponentProps, useState } from "react";
import { messages } from "../messages";

/** What is typed into a form, and how a field of it is shown: by its name, with the label of that name. */
export function useTyped<Name extends string>(
  empty: Record<Name, string>,
  labels: Record<NoInfer<Name>, string>,
) {
  const [typed, setTyped] = useState(empty);
  const field = (name: Name) => ({
    label: labels[name],
    value: typed[name],
    required: true,
    withAsterisk: false,
    size: "md" as const,
    spellCheck: false,
    onChange: (event: ChangeEvent<HTMLInputElement>) =>
      setTyped({ ...typed, [name]: event.currentTarget.value }),
  });
  return { typed, field };
}

/** The password that somebody has. */
export function CurrentPassword(props: ComponentProps<typeof PasswordInput>) {
  return (
    <PasswordInput
      required
      withAsterisk={false}
      autoComplete="current-password"
      visibilityToggleButtonProps={{ "aria-label": messages.common.showPassword }}
      {...props}
    />
  );
}
