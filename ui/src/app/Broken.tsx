import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Recover } from "../features/recovery/Recover";
import type { CommandError } from "../ipc/bindings/CommandError";
import { langOf } from "../ipc/problem";
import { messages } from "../messages";
import classes from "./Broken.module.css";
import { LanguageChoice } from "./LanguageChoice";
import { queryKeys } from "./queries";

interface Props extends CommandError {
  /** The fingerprint of the recovery code that opens them. */
  recovery?: string | null;
}

/** The records of this computer cannot be opened: nothing else works, so nothing else is shown but the way on. */
export function Broken({ code, detail, recovery = null }: Props) {
  const client = useQueryClient();
  const { broken, common } = messages;
  const isLost = code === "keyring_entry_missing" || code === "keyring_replaced";
  const way = isLost && !recovery ? broken.noCode : isKnown(code, broken.ways) ? broken.ways[code] : null;
  return (
    <main className={classes.broken} data-testid="broken">
      <IconAlertTriangle size={40} stroke={1.6} aria-hidden="true" />
      <h1>{isLost ? broken.lost : broken.title}</h1>
      <p role="alert" lang={langOf(detail)}>
        {detail}
      </p>
      {way && <p data-testid="way-on">{way}</p>}
      <p className={classes.code}>{common.code(code)}</p>
      <Button
        variant="default"
        className={classes.again}
        onClick={() => void client.invalidateQueries({ queryKey: queryKeys.appState })}
      >
        {broken.lookAgain}
      </Button>
      {recovery && <Recover fingerprint={recovery} />}
      <LanguageChoice />
    </main>
  );
}

const isKnown = <T extends object>(name: string, ways: T): name is string & keyof T => name in ways;
