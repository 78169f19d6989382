import { changes, days, number, timeLeft } from "./words";

/** The words of the sync pill and the sync centre. */
export const sync = {
  title: "Sync",
  again: {
    title: "Enrol this computer again",
    lead: "The server was restored from a backup that is older than this computer. Everything here is kept: with an admin’s one-time code for a computer like this one it is known again, and what was done here is brought again.",
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
    allSent: "your work has gone out",
    offlineFor: (count: number) => `Offline ${days(count)}`,
    locksIn: (hours: number) => `locks in ${timeLeft(hours)}`,
  },
  open: "open the sync centre",
  sentences: {
    connecting: "Connecting to the server. You can work as always.",
    online: "Online. Everything from this computer is on the server.",
    nothingWaits: "Online. Nothing waits to be sent.",
    comparing:
      "Online. Nothing waits to be sent. This computer is being compared with the server, record by record.",
    compared: (time: string) => `Compared with the server record by record, and equal: ${time}.`,
    mended: (count: number, time: string) =>
      count === 1
        ? `1 record was missing or damaged on this computer and was fetched again: ${time}. Tell support.`
        : `${number(count)} records were missing or damaged on this computer and were fetched again: ${time}. Tell support.`,
    onlyHere: (count: number) =>
      `${count === 1 ? "1 record" : `${number(count)} records`} of this computer ${count === 1 ? "is" : "are"} not on the server, or older there: it lost them. They are kept here. Start every other computer of the clinic once: each brings back what was done on it. If some are left, tell whoever runs the server.`,
    filling: (hasToday: boolean, rows: number, total: number | null) =>
      hasToday
        ? `This computer is being set up. Today's patients are here, and you can work with them; of the rest ${number(rows)} of about ${number(total ?? rows)} records have come.`
        : "This computer is being set up. Today's patients come first.",
    fillingStands:
      "This computer is being set up, and the server does not answer. It goes on by itself where it stopped. You can work with what is here.",
    waiting: (count: number) =>
      count === 1
        ? "Online. 1 change is safe on this computer and goes out by itself."
        : `Online. ${changes(count)} are safe on this computer and go out by themselves.`,
    offline: (time: string, count: number) =>
      count === 0
        ? `Offline since ${time}. You can work as always. Nothing waits to be sent.`
        : count === 1
          ? `Offline since ${time}. You can work as always. 1 change is safe on this computer and goes out by itself.`
          : `Offline since ${time}. You can work as always. ${changes(count)} are safe on this computer and go out by themselves.`,
    locksSoon: (count: number, hours: number) =>
      `${days(count)} without contact. In ${timeLeft(hours)} this computer locks; nothing on it is lost. Connect it once.`,
    attention: (count: number) =>
      count === 1 ? "1 change needs you: see the list." : `${changes(count)} need you: see the list.`,
    sending: (sent: number, total: number) => `Sending ${sent} of ${total}. You can work as always.`,
    receiving: (rows: number) => `Receiving ${rows} rows. You can work as always.`,
  },
  now: "Sync now",
  counts: {
    title: "What became of the changes of this computer",
    waiting: "wait for the network",
    decisions: "decisions wait",
    states: {
      quarantined: "set aside",
      blocked: "wait with one set aside",
      conflict: "differ",
      merged: "merged",
      applied: "acknowledged",
    },
    never: "not yet",
  },
  lastContact: "Last contact",
  lastSynced: "Last in step with the server",
  ledger: "What was done on this computer",
  entries: (count: number) => (count === 1 ? "1 entry" : `${number(count)} entries`),
  acknowledged: (time: string) => `acknowledged ${time}`,
  ledgerEmpty: "Nothing has been done on this computer yet.",
  nothingFits: "Nothing fits. Take away a filter to see more.",
  filters: {
    title: "Search the ledger",
    query: "Patient, mobile number or no.",
    state: "State",
    allStates: "All states",
    kind: "What was done",
    allKinds: "Everything",
    author: "Who",
    everyone: "Everyone",
    from: "From day",
    to: "To day",
    save: { csv: "CSV", ndjson: "JSON lines" },
    saveLong: { csv: "Save these as a CSV file", ndjson: "Save these as a file of JSON lines" },
    saved: (path: string) => `Saved in ${path}`,
  },
  refused: {
    title: (sequence: number) => `Set aside: no. ${sequence}`,
    place: (place: number, count: number) => `${place} of ${count}`,
    why: "The server did not take it:",
    unsaid: "it did not say why.",
    kept: (behind: number) =>
      behind === 0
        ? "It is kept here and on the server."
        : behind === 1
          ? "It is kept here and on the server. One later change builds on it and waits with it."
          : `It is kept here and on the server. ${behind} later changes build on it and wait with it.`,
    ways: {
      replace: "Correct and send",
      retry: "Try again",
      hand_over: "Hand to an admin…",
      discard: "Discard…",
    },
    reopen: "Open again in the pad",
    keys: { replace: "C", retry: "T", hand_over: "H", discard: "D" },
    done: {
      replace: "The corrected change is saved and goes out by itself",
      retry: "It is tried again as soon as the server answers",
      hand_over: "The admins see it as soon as the server answers",
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
        text: "Every admin of the clinic sees it among what waits for a decision, with who made it, when and why.",
        send: "Hand over",
      },
      discard: {
        title: (sequence: number) => `Discard no. ${sequence}?`,
        text: "It will not go to the server's records. It stays in the ledger as discarded, with your name and reason. What waits with it goes on.",
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
    blocked: "Waits with another",
    replaced: "Corrected",
    discarded: "Discarded",
  },
  computer: "This computer",
  clinic: "Clinic",
  scope: "Receives",
  scopes: { clinical: "Clinical records", front_desk: "Front desk records" },
  lane: "Numbers begin with",
};
