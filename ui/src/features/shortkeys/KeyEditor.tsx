import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { refreshRows } from "../../app/queries";
import type { ShortKeyForm } from "../../ipc/bindings/ShortKeyForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import library from "../../shared/library.module.css";
import { Problem } from "../../shared/parts";
import { Question } from "../../shared/Question";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import { KeyPreview } from "./KeyPreview";
import { signed } from "./ShortKeys";
import classes from "./ShortKeys.module.css";

interface Props {
  id: string | null;
  initial: ShortKeyForm;
  onDone: () => void;
}

/** A short key while it is written, with what it would print and whom it would harm beside it. */
export function KeyEditor({ id, initial, onDone }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [form, setForm] = useState(initial);
  const [isAsking, setAsking] = useState(false);
  const isTyped = JSON.stringify(form) !== JSON.stringify(initial);
  const { shortKeys: words, common } = messages;
  const done = (text: string) => {
    toast(text);
    void refreshRows(client);
  };
  // Said with the call, it is not said any more once another form stands in this place.
  const whenDone = { onSuccess: onDone };
  const save = useMutation({
    mutationFn: () => backend.saveShortKey(id === null ? null : [id, initial], form),
    onSuccess: () => done(words.saved(signed(form))),
  });
  const remove = useMutation({
    mutationFn: () => (id === null ? Promise.resolve() : backend.removeShortKey(id)),
    onSuccess: () => done(words.removed(signed(form))),
  });
  useUnsaved(isTyped, save.isPending);
  const change = (part: Partial<ShortKeyForm>) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (!save.isPending) setForm((before) => ({ ...before, ...part }));
  };
  return (
    <>
      <form
        className={library.form}
        aria-label={id === null ? words.new : signed(initial)}
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate(undefined, whenDone);
        }}
      >
        <Fields form={form} onChange={change} />
        {save.error && <Problem error={save.error} />}
        {remove.error && !isAsking && <Problem error={remove.error} />}
        <div className={library.actions}>
          <Button type="submit" loading={save.isPending}>
            {words.save}
          </Button>
          {id !== null && (
            <Button variant="default" onClick={() => setAsking(true)}>
              {words.remove}
            </Button>
          )}
        </div>
      </form>
      <KeyPreview form={form} />
      {isAsking && (
        <Question
          title={words.removeTitle(signed(form))}
          text={words.removeText}
          back={common.cancel}
          onBack={() => setAsking(false)}
          error={remove.error}
        >
          <Button loading={remove.isPending} onClick={() => remove.mutate(undefined, whenDone)}>
            {words.remove}
          </Button>
        </Question>
      )}
    </>
  );
}

interface FieldProps {
  form: ShortKeyForm;
  onChange: (change: Partial<ShortKeyForm>) => void;
}

/** A letter in between takes away none of the digits: without them the key would be for every age. */
const monthsOf = (text: string) => {
  const digits = text.replace(/\D/g, "").slice(0, 4);
  return digits === "" ? null : Number(digits);
};

function Fields({ form, onChange }: FieldProps) {
  const { shortKeys: words } = messages;
  const text = (
    name: "key" | "title" | "lines" | "diagnoses" | "advice" | "investigations" | "followUp" | "notWith",
  ) => ({
    value: form[name],
    autoComplete: "off",
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      onChange({ [name]: event.currentTarget.value }),
  });
  const months = (name: "minAgeMonths" | "maxAgeMonths") => ({
    value: form[name] === null ? "" : String(form[name]),
    inputMode: "numeric" as const,
    autoComplete: "off",
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      onChange({ [name]: monthsOf(event.currentTarget.value) }),
  });
  return (
    <>
      <NativeSelect
        label={words.kind}
        value={form.isPhrase ? "phrase" : "regimen"}
        onChange={(event) => onChange({ isPhrase: event.currentTarget.value === "phrase" })}
        data={[
          { value: "regimen", label: words.regimen },
          { value: "phrase", label: words.phrase },
        ]}
      />
      <div className={`${library.two} ${classes.level}`}>
        <TextInput label={words.key} description={words.keyHint} autoFocus {...text("key")} />
        <TextInput label={words.name} {...text("title")} />
      </div>
      <NativeSelect
        label={words.whose}
        value={form.isOwn ? "own" : "all"}
        onChange={(event) => onChange({ isOwn: event.currentTarget.value === "own" })}
        data={[
          { value: "own", label: words.own },
          { value: "all", label: words.everyones },
        ]}
      />
      {!form.isPhrase && (
        <Textarea
          label={words.lines}
          placeholder={words.linesHint}
          spellCheck={false}
          rows={5}
          classNames={{ input: classes.mono }}
          {...text("lines")}
        />
      )}
      <Textarea label={form.isPhrase ? words.words : words.advice} rows={2} {...text("advice")} />
      {!form.isPhrase && (
        <>
          <div className={library.two}>
            <Textarea label={words.diagnoses} rows={2} {...text("diagnoses")} />
            <Textarea label={words.tests} rows={2} {...text("investigations")} />
          </div>
          <div className={classes.three}>
            <TextInput label={words.comeBack} {...text("followUp")} />
            <TextInput label={words.from} {...months("minAgeMonths")} />
            <TextInput label={words.to} {...months("maxAgeMonths")} />
          </div>
          <NativeSelect
            label={words.sex}
            value={form.sex ?? ""}
            onChange={(event) => onChange({ sex: event.currentTarget.value || null })}
            data={[
              { value: "", label: words.sexes.any },
              { value: "female", label: words.sexes.female },
              { value: "male", label: words.sexes.male },
            ]}
          />
          <Textarea label={words.notWith} rows={2} {...text("notWith")} />
        </>
      )}
    </>
  );
}
