import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { LedgerChoices } from "../../ipc/bindings/LedgerChoices";
import type { LedgerFilter } from "../../ipc/bindings/LedgerFilter";
import type { LedgerFormat } from "../../ipc/bindings/LedgerFormat";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import classes from "./SyncCentre.module.css";
import { ledgerStates } from "./states";

interface Props {
  filter: LedgerFilter;
  choices: LedgerChoices | undefined;
  onChange: (change: Partial<LedgerFilter>) => void;
}

export const everything: LedgerFilter = {
  query: "",
  kind: null,
  state: null,
  from: null,
  to: null,
  author: null,
};

const orNull = (text: string) => (text === "" ? null : text);

/** What of the ledger is shown, and the same as a file. */
export function LedgerFilters({ filter, choices, onChange }: Props) {
  const backend = useBackend();
  const toast = useToast();
  const { sync } = messages;
  const words = sync.filters;
  const save = useMutation({
    mutationFn: (format: LedgerFormat) => backend.saveLedger(filter, format),
    onSuccess: (path) => path !== null && toast(words.saved(path)),
  });
  return (
    <div className={classes.filters} role="search" aria-label={words.title}>
      <TextInput
        className={classes.query}
        aria-label={words.query}
        placeholder={words.query}
        leftSection={<IconSearch size={15} aria-hidden="true" />}
        value={filter.query}
        onChange={(event) => onChange({ query: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label={words.state}
        value={filter.state ?? ""}
        data={[
          { value: "", label: words.allStates },
          ...ledgerStates.map((state) => ({ value: state, label: sync.fates[state] })),
        ]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onChange({ state: ledgerStates.find((state) => state === value) ?? null });
        }}
      />
      <NativeSelect
        aria-label={words.kind}
        value={filter.kind ?? ""}
        data={[
          { value: "", label: words.allKinds },
          ...(choices?.kinds ?? []).map(({ kind, title }) => ({ value: kind, label: title })),
        ]}
        onChange={(event) => onChange({ kind: orNull(event.currentTarget.value) })}
      />
      <NativeSelect
        aria-label={words.author}
        value={filter.author ?? ""}
        data={[
          { value: "", label: words.everyone },
          ...(choices?.people ?? []).map(({ userId, fullName }) => ({ value: userId, label: fullName })),
        ]}
        onChange={(event) => onChange({ author: orNull(event.currentTarget.value) })}
      />
      <TextInput
        type="date"
        aria-label={words.from}
        value={filter.from ?? ""}
        onChange={(event) => onChange({ from: orNull(event.currentTarget.value) })}
      />
      <TextInput
        type="date"
        aria-label={words.to}
        value={filter.to ?? ""}
        onChange={(event) => onChange({ to: orNull(event.currentTarget.value) })}
      />
      <span className={classes.save}>
        {(["csv", "ndjson"] as const).map((format) => (
          <Button
            key={format}
            variant="default"
            size="sm"
            leftSection={<IconDownload size={15} aria-hidden="true" />}
            loading={save.isPending && save.variables === format}
            aria-label={words.saveLong[format]}
            onClick={() => save.mutate(format)}
          >
            {words.save[format]}
          </Button>
        ))}
      </span>
      {save.error && <Problem error={save.error} />}
    </div>
  );
}
