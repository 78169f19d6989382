import { IconAlertTriangle, IconArrowsUpDown, IconCheck, IconCloudOff } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useSyncStatus } from "../../app/queries";
import { messages } from "../../messages";
import classes from "./SyncPill.module.css";
import { type PillWords, pillWords } from "./pill";

const icons = { ok: IconCheck, busy: IconArrowsUpDown, offline: IconCloudOff, attention: IconAlertTriangle };

const connecting = (): PillWords => ({ kind: "busy", words: [messages.sync.pill.connecting] });

/** Always in sight: whether the work is safe, and whether it has gone out. */
export function SyncPill() {
  const { data } = useSyncStatus();
  const navigate = useNavigate();
  const { kind, words } = data ? pillWords(data) : connecting();
  const Icon = icons[kind];
  const text = words.join(" | ");
  return (
    <button
      type="button"
      className={`${classes.pill} ${classes[kind]}`}
      data-testid="sync-pill"
      aria-label={`${text}, ${messages.sync.open}`}
      onClick={() => void navigate({ to: "/sync" })}
    >
      <Icon size={16} stroke={1.9} aria-hidden="true" />
      <span aria-live="off">{text}</span>
    </button>
  );
}
