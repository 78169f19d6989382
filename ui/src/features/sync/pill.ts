import type { ComparedView } from "../../ipc/bindings/ComparedView";
import type { FillingView } from "../../ipc/bindings/FillingView";
import type { SyncStatus } from "../../ipc/bindings/SyncStatus";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";

export interface PillWords {
  kind: "ok" | "busy" | "offline" | "attention";
  words: string[];
}

/** What the pill says: the state, then how safe the work is. */
export function pillWords(status: SyncStatus): PillWords {
  const { pill } = messages.sync;
  const { files } = messages;
  const { connection, filling, onlyHere, waiting, attention, problem, lastSyncedAt, lease } = status;
  const { filesWaiting, filesRefused } = status;
  if (connection.state === "offline" && lease?.endsSoon) {
    const words = [pill.offlineFor(lease.daysWithout), pill.locksIn(lease.hoursLeft)];
    return { kind: "attention", words };
  }
  if (problem?.code === "upgrade_required") {
    return { kind: "attention", words: [pill.update, unsent(status) ?? pill.allSent] };
  }
  if (problem) return { kind: "attention", words: [pill.notSyncing, unsent(status) ?? pill.waiting(0)] };
  if (filling) {
    const kind = connection.state === "offline" ? "offline" : "busy";
    return {
      kind,
      words: [pill.filling(percent(filling)), pill.waiting(waiting)].slice(0, waiting > 0 ? 2 : 1),
    };
  }
  if (onlyHere > 0) return { kind: "attention", words: [pill.onlyHere(onlyHere)] };
  if (attention > 0) {
    const state = unsent(status) ?? (lastSyncedAt && pill.synced(timeOrDay(lastSyncedAt)));
    return { kind: "attention", words: [pill.attention(attention), ...(state ? [state] : [])] };
  }
  if (filesRefused > 0) return { kind: "attention", words: [files.pill.refused(filesRefused)] };
  switch (connection.state) {
    case "connecting":
      return { kind: "busy", words: [pill.connecting] };
    case "sending":
      return { kind: "busy", words: [pill.sending(connection.sent, connection.total)] };
    case "receiving":
      return { kind: "busy", words: [pill.receiving(connection.rows)] };
    case "offline": {
      const noRows = filesWaiting > 0 ? files.pill.saved(filesWaiting) : pill.allSaved;
      const safe = waiting > 0 ? pill.savedHere(waiting) : noRows;
      return { kind: "offline", words: [pill.offline(timeOrDay(connection.since)), safe] };
    }
    case "online": {
      if (waiting > 0) return { kind: "busy", words: [pill.online, pill.waiting(waiting)] };
      if (filesWaiting > 0) {
        return { kind: "busy", words: [pill.online, files.pill.waiting(filesWaiting)] };
      }
      // Before it was compared for the first time nobody knows whether it has everything.
      return lastSyncedAt
        ? { kind: "ok", words: [pill.online, pill.allSynced(timeOrDay(lastSyncedAt))] }
        : { kind: "busy", words: [pill.online, pill.comparing] };
    }
  }
}

/** What of the work the server does not have; null if that is nothing. */
function unsent({ waiting, filesWaiting, filesRefused, onlyHere }: SyncStatus): string | null {
  const { pill } = messages.sync;
  const { pill: ofFiles } = messages.files;
  if (waiting > 0) return pill.waiting(waiting);
  if (filesWaiting > 0) return ofFiles.waiting(filesWaiting);
  if (filesRefused > 0) return ofFiles.refused(filesRefused);
  return onlyHere > 0 ? pill.onlyHere(onlyHere) : null;
}

/** How much has come, in whole percent; none as long as nobody knows how much there is. */
export function percent({ rows, total }: FillingView): number | null {
  // What is not all is never shown as all.
  return total === null ? null : Math.min(99, Math.floor((100 * rows) / Math.max(total, 1)));
}

/** The same in a sentence: what happened, what is safe, what to do. */
export function syncSentence(status: SyncStatus): string {
  const { sentences } = messages.sync;
  const { attention, filesRefused } = status;
  return [
    stateSentence(status),
    attention > 0 && sentences.attention(attention),
    filesRefused > 0 && messages.files.sentences.refused(filesRefused),
  ]
    .filter(Boolean)
    .join(" ");
}

function stateSentence({
  connection,
  filling,
  onlyHere,
  waiting,
  attention,
  problem,
  lease,
  lastSyncedAt,
  filesWaiting,
  filesRefused,
}: SyncStatus): string {
  const { sentences } = messages.sync;
  const { sentences: ofFiles } = messages.files;
  if (connection.state === "offline" && lease?.endsSoon) {
    return sentences.locksSoon(lease.daysWithout, lease.hoursLeft);
  }
  if (problem) return problem.detail;
  if (filling) {
    const { hasToday, rows, total } = filling;
    return connection.state === "offline"
      ? sentences.fillingStands
      : sentences.filling(hasToday, rows, total);
  }
  if (onlyHere > 0) return sentences.onlyHere(onlyHere);
  switch (connection.state) {
    case "connecting":
      return sentences.connecting;
    case "sending":
      return sentences.sending(connection.sent, connection.total);
    case "receiving":
      return sentences.receiving(connection.rows);
    case "offline": {
      const since = timeOrDay(connection.since);
      const rows = sentences.offline(since, waiting);
      if (filesWaiting === 0) return rows;
      return waiting > 0 ? `${rows} ${ofFiles.also(filesWaiting)}` : ofFiles.offline(since, filesWaiting);
    }
    case "online":
      if (waiting > 0) return sentences.waiting(waiting);
      if (filesWaiting > 0) return ofFiles.waiting(filesWaiting);
      if (lastSyncedAt === null) return sentences.comparing;
      // What was set aside is kept on the server, and is not in its records; what it refused of files is not there at all.
      return attention > 0 || filesRefused > 0 ? sentences.nothingWaits : sentences.online;
  }
}

/** That both sides were found equal, and what was mended for it. */
export function comparedSentence({ at, mended, mendedAt }: ComparedView): string {
  const { compared, mended: wereMended } = messages.sync.sentences;
  return [at && compared(timeOrDay(at)), mendedAt && wereMended(mended, timeOrDay(mendedAt))]
    .filter(Boolean)
    .join(" ");
}
