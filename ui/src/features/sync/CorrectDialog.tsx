import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import type { CorrectedField } from "../../ipc/bindings/CorrectedField";
import type { RefusedChange } from "../../ipc/bindings/RefusedChange";
import type { RefusedField } from "../../ipc/bindings/RefusedField";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { TypedDialog } from "../../shared/TypedDialog";
import { factLabel, valueText } from "../review/words";
import classes from "./SyncCentre.module.css";

interface Props {
  change: RefusedChange;
  error: unknown;
  isPending: boolean;
  onClose: () => void;
  onSend: (corrected: CorrectedField[]) => void;
}

const keyOf = (field: RefusedField) => `${field.record}.${field.column}`;

/** The refused values, to be typed anew. What is not typed in here goes along as it was. */
export function CorrectDialog({ change, error, isPending, onClose, onSend }: Props) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const { refused } = messages.sync;
  const { common } = messages;
  const title = refused.correctTitle(change.sequence);
  const corrected = change.fields.flatMap((field): CorrectedField[] => {
    const text = typed[keyOf(field)];
    return text === undefined || text === (field.value ?? "")
      ? []
      : [{ record: field.record, column: field.column, typed: text }];
  });
  return (
    <TypedDialog
      label={title}
      isTyped={corrected.length > 0}
      isSaving={isPending}
      onClose={onClose}
      size="page"
    >
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          onSend(corrected);
        }}
      >
        <h2>{title}</h2>
        <p>
          {refused.why}{" "}
          {change.detail === null ? (
            refused.unsaid
          ) : (
            <span lang={langOf(change.detail)}>{change.detail}</span>
          )}
        </p>
        <div className={classes.form}>
          {change.fields.map((field) => (
            <Field
              key={keyOf(field)}
              field={field}
              value={typed[keyOf(field)] ?? field.value ?? ""}
              onChange={(value) => isPending || setTyped((before) => ({ ...before, [keyOf(field)]: value }))}
            />
          ))}
        </div>
        {Boolean(error) && <Problem error={error} />}
        <div className={classes.buttons}>
          <Button variant="default" disabled={isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={isPending} disabled={corrected.length === 0}>
            {refused.sendCorrected}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}

function Field(props: { field: RefusedField; value: string; onChange: (value: string) => void }) {
  const { field, value, onChange } = props;
  const label = factLabel(field.column);
  if (field.entry === null)
    return <TextInput label={label} value={valueText(field.value)} disabled readOnly />;
  if (field.entry.kind === "choice") {
    const { choices } = field.entry;
    const known = choices.includes(value) || value === "" ? choices : [value, ...choices];
    return (
      <NativeSelect
        label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        data={["", ...known].map((choice) => ({ value: choice, label: valueText(choice) }))}
      />
    );
  }
  return (
    <TextInput
      label={label}
      value={value}
      autoComplete="off"
      inputMode={field.entry.kind === "number" ? "decimal" : "text"}
      placeholder={field.entry.kind === "date" ? messages.patient.dayPlaceholder : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
