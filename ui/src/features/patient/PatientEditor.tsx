import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { keyLabel } from "../../app/keymap";
import { refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { PatientForm } from "../../ipc/bindings/PatientForm";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { messages } from "../../messages";
import { KeyBar, Problem } from "../../shared/parts";
import { useUnsaved } from "../../shared/unsaved";
import { Family } from "./Family";
import { type FormProblems, readForm, type TypedForm } from "./form";
import classes from "./Patient.module.css";
import { PatientFormFields } from "./PatientFormFields";

interface Props {
  title: string;
  submit: string;
  initial: TypedForm;
  /** A new patient is looked for among those who are known; of a known one it is asked whether they have died. */
  isNew: boolean;
  send: (form: PatientForm) => Promise<PatientSummary>;
  /** Both leave the form, and nothing in it is asked about any more. */
  onDone: (patient: PatientSummary) => void;
  onCancel: () => void;
}

/** One form for registering and for correcting. */
export function PatientEditor({ title, submit, initial, isNew, send, onDone, onCancel }: Props) {
  const { session } = useSession();
  const client = useQueryClient();
  const [typed, setTyped] = useState(initial);
  const isTyped = JSON.stringify(typed) !== JSON.stringify(initial);
  // What was wrong when it was last sent, told in the language of now.
  const [sent, setSent] = useState<TypedForm | null>(null);
  const tried = sent && readForm(sent);
  const problems: FormProblems = tried && "problems" in tried ? tried.problems : {};
  const form = useRef<HTMLFormElement>(null);
  // Where something must be put right, one goes on typing, and hears what.
  useEffect(() => {
    if (sent) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [sent]);
  const mutation = useMutation({
    mutationFn: send,
    onSuccess: () => void refreshRows(client),
  });
  useUnsaved(isTyped, mutation.isPending);
  const { keys } = messages;
  const change = (part: Partial<TypedForm>) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (!mutation.isPending) setTyped((before) => ({ ...before, ...part }));
  };
  const save = () => {
    const read = readForm(typed);
    setSent(typed);
    // Said with the call, it leads nowhere once the form was left.
    if ("form" in read) mutation.mutate(read.form, { onSuccess: onDone });
  };
  return (
    <>
      <form
        ref={form}
        className={classes.screen}
        data-testid="register-form"
        aria-label={title}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!mutation.isPending) save();
        }}
        onKeyDown={(event) => {
          // What was typed is given up only by the button.
          if (event.key === "Escape" && !isTyped && !mutation.isPending) onCancel();
        }}
      >
        <h1>{title}</h1>
        <div className={classes.columns}>
          <div className={classes.fields}>
            <TextInput
              className={classes.mobile}
              label={messages.patient.mobile}
              size="lg"
              type="tel"
              inputMode="tel"
              autoComplete="off"
              autoFocus
              value={typed.mobileNumber}
              error={problems.mobileNumber}
              onChange={(event) => change({ mobileNumber: event.currentTarget.value })}
            />
            <PatientFormFields
              typed={typed}
              problems={problems}
              mayReadClinical={session.mayReadClinical}
              wasDead={isNew ? null : initial.hasDied}
              onChange={change}
            />
            {mutation.error && <Problem error={mutation.error} />}
            <div className={classes.actions}>
              <Button type="submit" size="lg" loading={mutation.isPending}>
                {submit}
              </Button>
              <Button variant="default" size="lg" disabled={mutation.isPending} onClick={onCancel}>
                {messages.common.cancel}
              </Button>
            </div>
          </div>
          {isNew && <Family typed={typed} />}
        </div>
      </form>
      <KeyBar
        keys={[
          ["Enter", keys.save],
          ["Esc", keys.leave],
          [keyLabel("find"), keys.find],
        ]}
      />
    </>
  );
}
