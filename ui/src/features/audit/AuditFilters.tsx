import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useSession } from "../../app/session";
import type { AuditChoices } from "../../ipc/bindings/AuditChoices";
import type { AuditFilter } from "../../ipc/bindings/AuditFilter";
import { messages } from "../../messages";
import boxes from "../../shared/choices.module.css";
import classes from "./AuditLog.module.css";

export const everything: AuditFilter = { from: null, to: null, action: null, person: null, patient: null };

const orNull = (text: string) => (text === "" ? null : text);

interface Props {
  choices: AuditChoices | undefined;
  /** Only when asked: every look at the log is written into it. */
  onShow: (filter: AuditFilter) => void;
}

/** What of the log is to be shown. */
export function AuditFilters({ choices, onShow }: Props) {
  const { openPatient } = useSession();
  const [filter, setFilter] = useState(everything);
  const change = (changed: Partial<AuditFilter>) => setFilter({ ...filter, ...changed });
  const { audit: words } = messages;
  return (
    <form
      className={classes.filters}
      role="search"
      aria-label={words.filters}
      onSubmit={(event) => {
        event.preventDefault();
        onShow(filter);
      }}
    >
      <TextInput
        type="date"
        label={words.from}
        value={filter.from ?? ""}
        onChange={(event) => change({ from: orNull(event.currentTarget.value) })}
      />
      <TextInput
        type="date"
        label={words.to}
        value={filter.to ?? ""}
        onChange={(event) => change({ to: orNull(event.currentTarget.value) })}
      />
      <NativeSelect
        label={words.person}
        value={filter.person ?? ""}
        data={[
          { value: "", label: words.everyone },
          ...(choices?.people ?? []).map(({ value, title }) => ({ value, label: title })),
        ]}
        onChange={(event) => change({ person: orNull(event.currentTarget.value) })}
      />
      <NativeSelect
        label={words.action}
        value={filter.action ?? ""}
        data={[
          { value: "", label: words.everything },
          ...(choices?.actions ?? []).map(({ value, title }) => ({ value, label: title })),
        ]}
        onChange={(event) => change({ action: orNull(event.currentTarget.value) })}
      />
      <Button type="submit">{words.show}</Button>
      {openPatient && (
        <label className={`${boxes.choice} ${classes.onlyOpen}`}>
          <input
            type="checkbox"
            checked={filter.patient === openPatient}
            onChange={(event) => change({ patient: event.currentTarget.checked ? openPatient : null })}
          />
          {words.onlyOpen}
        </label>
      )}
    </form>
  );
}
