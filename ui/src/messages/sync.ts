import { changes, days, number, timeLeft } from "./words";

/** The words of the sync pill and the sync centre. */
export const sync = {
  title: "Sync",
  again: {
    title: "Enrol this computer again",
    lead: "The server was restored from a backup made before this computer was enrolled. Everything here is kept. Enter an admin’s one-time code for a computer like this one, and what was done here is sent again.",
    password: "Your password",
    submit: "Enrol again",
  },
  pill: {
    online: "Online",
    allSynced: (time: string) => `all synced ${time}`,
    comparing: "comparing with the server",
    waiting: (count: number) => `${count} waiting`,
    sending: (sent: number, total: number) => `Sending ${sent} of ${total}`,
    receiving: (rows: number) => `Receiving ${rows} rows`,
    onlyHere: (count: number) =>
      count === 1 ? "1 record is only here" : `${number(count)} records are only here`,
    filling: (percent: number | null) => (percent === null ? "Setting up" : `Setting up, ${percent}%`),
    connecting: "Connecting",
    offline: (time: string) => `Offline since ${time}`,
    savedHere: (count: number) => `saved here, ${count} waiting`,
    allSaved: "all saved",
    attention: (count: number) => (count === 1 ? "1 change needs you" : `${count} changes need you`),
    synced: (time: string) => `synced ${time}`,
    notSyncing: "Not syncing",
    update: "Update Clinic Desk",
    allSent: "your work has been sent",
    offlineFor: (count: number) => `Offline ${days(count)}`,
    locksIn: (hours: number) => `locks in ${timeLeft(hours)}`,
  },
  open: "open the sync centre",
  sentences: {
    connecting: "Connecting to the server. You can keep working.",
    online: "Online. Everything from this computer is on the server.",
    nothingWaits: "Online. Nothing is waiting to be sent.",
    comparing: "Online. Nothing is waiting to be sent. Every record here is being compared with the server.",
    compared: (time: string) => `Every record here matched the server: ${time}.`,
    mended: (count: number, time: string) =>
      count === 1
        ? `1 record was missing or damaged on this computer and was fetched again: ${time}. Tell support.`
        : `${number(count)} records were missing or damaged on this computer and were fetched again: ${time}. Tell support.`,
    onlyHere: (count: number) =>
      `${count === 1 ? "1 record" : `${number(count)} records`} on this computer ${count === 1 ? "is" : "are"} missing from the server, or older there: it lost them. They are kept here. Start every other computer in the clinic once: each sends again what was done on it. If any remain, tell the person who runs the server.`,
    filling: (hasToday: boolean, rows: number, total: number | null) =>
      hasToday
        ? `This computer is being set up. Today's patients are here, and you can work with them. Of the rest, ${number(rows)} of about ${number(total ?? rows)} records have arrived.`
        : "This computer is being set up. Today's patients come first.",
    fillingStands:
      "This computer is being set up, but the server is not answering. It will continue by itself from where it stopped. You can work with what is here.",
    waiting: (count: number) =>
      count === 1
        ? "Online. 1 change is safe on this computer and will be sent by itself."
        : `Online. ${changes(count)} are safe on this computer and will be sent by themselves.`,
    offline: (time: string, count: number) =>
      count === 0
        ? `Offline since ${time}. You can keep working. Nothing is waiting to be sent.`
        : count === 1
          ? `Offline since ${time}. You can keep working. 1 change is safe on this computer and will be sent by itself.`
          : `Offline since ${time}. You can keep working. ${changes(count)} are safe on this computer and will be sent by themselves.`,
    locksSoon: (count: number, hours: number) =>
      `${days(count)} without contact. This computer locks in ${timeLeft(hours)}; nothing on it is lost. Connect it once before then.`,
    attention: (count: number) =>
      count === 1 ? "1 change needs you: see the list." : `${changes(count)} need you: see the list.`,
    sending: (sent: number, total: number) => `Sending ${sent} of ${total}. You can keep working.`,
    receiving: (rows: number) => `Receiving ${rows} rows. You can keep working.`,
  },
  now: "Sync now",
  counts: {
    title: "Changes made on this computer",
    waiting: "waiting for the network",
    decisions: "waiting for a decision",
    states: {
      quarantined: "set aside",
      blocked: "waiting with one set aside",
      conflict: "differ",
      merged: "merged",
      applied: "acknowledged",
    },
    never: "not yet",
  },
  lastContact: "Last contact",
  lastSynced: "Last fully synced",
  ledger: "What was done on this computer",
  entries: (count: number) => (count === 1 ? "1 entry" : `${number(count)} entries`),
  acknowledged: (time: string) => `acknowledged ${time}`,
  ledgerEmpty: "Nothing has been done on this computer yet.",
  nothingFits: "Nothing matches. Remove a filter to see more.",
  filters: {
    title: "Search the ledger",
    query: "Patient, mobile number or no.",
    state: "State",
    allStates: "All states",
    kind: "What was done",
    allKinds: "Everything",
    author: "Who",
    everyone: "Everyone",
    from: "From date",
    to: "To date",
    save: { csv: "CSV", ndjson: "JSON lines" },
    saveLong: { csv: "Save these as a CSV file", ndjson: "Save these as a JSON lines file" },
    saved: (path: string) => `Saved in ${path}`,
  },
  refused: {
    title: (sequence: number) => `Set aside: no. ${sequence}`,
    place: (place: number, count: number) => `${place} of ${count}`,
    why: "The server did not accept it:",
    unsaid: "it gave no reason.",
    kept: (behind: number) =>
      behind === 0
        ? "It is kept here and on the server."
        : behind === 1
          ? "It is kept here and on the server. One later change depends on it and waits with it."
          : `It is kept here and on the server. ${behind} later changes depend on it and wait with it.`,
    ways: {
      replace: "Correct and send",
      retry: "Try again",
      hand_over: "Hand to an admin…",
      discard: "Discard…",
    },
    reopen: "Reopen in the pad",
    keys: { replace: "C", retry: "T", hand_over: "H", discard: "D" },
    done: {
      replace: "The corrected change is saved and will be sent by itself",
      retry: "It will be tried again when the server answers",
      hand_over: "Admins will see it when the server answers",
      discard: "Discarded; it stays in the ledger",
    },
    asked: {
      replace: (who: string, when: string) => `${who} corrected it, ${when}.`,
      retry: (who: string, when: string) => `${who} asked to try it again, ${when}.`,
      hand_over: (who: string, when: string) => `${who} handed it to the admins, ${when}.`,
      discard: (who: string, when: string) => `${who} discarded it, ${when}.`,
    },
    notSent: "Waiting to be sent.",
    reason: "Reason (kept in the ledger)",
    dialogs: {
      hand_over: {
        title: (sequence: number) => `Hand no. ${sequence} to an admin`,
        text: "Every admin of the clinic will see it in the list to review, with who made it, when and why.",
        send: "Hand over",
      },
      discard: {
        title: (sequence: number) => `Discard no. ${sequence}?`,
        text: "It will not go into the server's records. It stays in the ledger as discarded, with your name and reason. Changes waiting with it can go ahead.",
        send: "Discard it",
      },
    },
    correctTitle: (sequence: number) => `Correct no. ${sequence}`,
    sendCorrected: "Save and send",
  },
  columns: { number: "No.", what: "What", patient: "Patient", who: "Who", when: "When", fate: "State" },
  fates: {
    waiting: "Waiting",
    applied: "Applied",
    merged: "Merged",
    conflict: "Differs",
    quarantined: "Set aside",
    blocked: "Waiting with another",
    replaced: "Corrected",
    discarded: "Discarded",
  },
  computer: "This computer",
  clinic: "Clinic",
  scope: "Receives",
  scopes: { clinical: "Clinical records", front_desk: "Front desk records" },
  lane: "Numbers start with",
};
