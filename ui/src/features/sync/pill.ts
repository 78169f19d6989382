import type { SyncStatus } from "../../ipc/bindings/SyncStatus";
import { messages } from "../../messages/en";
import { timeOrDay } from "../../shared/format";

export interface PillWords {
  kind: "ok" | "busy" | "offline" | "attention";
  words: string[];
}

/** What the pill says: the state, then how safe the work is. */
export function pillWords(status: SyncStatus): PillWords {
  const { pill } = messages.sync;
  const { connection, waiting, attention, problem, lastSyncedAt, lease } = status;
  if (connection.state === "offline" && lease?.endsSoon) {
    const words = [pill.offlineFor(lease.daysWithout), pill.locksIn(lease.hoursLeft)];
    return { kind: "attention", words };
  }
  if (problem) return { kind: "attention", words: [pill.notSyncing, pill.waiting(waiting)] };
  if (attention > 0) {
    const synced = lastSyncedAt ? [pill.synced(timeOrDay(lastSyncedAt))] : [];
    return { kind: "attention", words: [pill.attention(attention), ...synced] };
  }
  switch (connection.state) {
    case "connecting":
      return { kind: "busy", words: [pill.connecting] };
    case "sending":
      return { kind: "busy", words: [pill.sending(connection.sent, connection.total)] };
    case "receiving":
      return { kind: "busy", words: [pill.receiving(connection.rows)] };
    case "offline": {
      const safe = waiting > 0 ? pill.savedHere(waiting) : pill.allSaved;
      return { kind: "offline", words: [pill.offline(timeOrDay(connection.since)), safe] };
    }
    case "online": {
      if (waiting > 0) return { kind: "busy", words: [pill.online, pill.waiting(waiting)] };
      return {
        kind: "ok",
        words: [pill.online, lastSyncedAt ? pill.allSynced(timeOrDay(lastSyncedAt)) : pill.allSyncedNever],
      };
    }
  }
}

/** The same in a sentence: what happened, what is safe, what to do. */
export function syncSentence(status: SyncStatus): string {
  const { sentences } = messages.sync;
  const { attention } = status;
  return attention > 0 ? `${stateSentence(status)} ${sentences.attention(attention)}` : stateSentence(status);
}

function stateSentence({ connection, waiting, attention, problem, lease }: SyncStatus): string {
  const { sentences } = messages.sync;
  if (connection.state === "offline" && lease?.endsSoon) {
    return sentences.locksSoon(lease.daysWithout, lease.hoursLeft);
  }
  if (problem) return problem.detail;
  switch (connection.state) {
    case "connecting":
      return sentences.connecting;
    case "sending":
      return sentences.sending(connection.sent, connection.total);
    case "receiving":
      return sentences.receiving(connection.rows);
    case "offline":
      return sentences.offline(timeOrDay(connection.since), waiting);
    case "online":
      if (waiting > 0) return sentences.waiting(waiting);
      // What was set aside is kept on the server, and is not in its records.
      return attention > 0 ? sentences.nothingWaits : sentences.online;
  }
}
