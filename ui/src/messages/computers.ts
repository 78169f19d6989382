import { changes, days, number, timeLeft } from "./words";

/** The words with which a computer is set up. */
export const enrol = {
  title: "Set up this computer",
  lead: "Once, with the network. Afterwards it works with or without it.",
  server: "Server address",
  serverHint: "As on the set-up sheet, for example desk.example.in",
  code: "One-time code",
  codeHint: "An administrator makes one for each computer. It works once.",
  email: "E-mail",
  password: "Password",
  deviceName: "Name of this computer",
  deviceNameHint: "What staff call it, for example Front desk",
  submit: "Enrol this computer",
  steps: [
    "An administrator of your clinic makes a one-time code for this computer.",
    "You type the code and sign in here, while the network is there.",
    "The clinic’s patients and medicines come to this computer, encrypted.",
  ],
  stepsTitle: "What happens",
};

/** The words with which a computer is opened. */
export const unlock = {
  title: "Who is working?",
  someoneElse: "Someone else",
  someoneElseHint: "needs the network the first time",
  email: "E-mail",
  password: "Password",
  typePassword: "Type your password",
  submit: "Open",
  people: "People of this computer",
  foot: "You can open and work with or without the network.",
  footOnline: "This computer opens only while the network is there.",
  footSoon: (allowed: number, hours: number) =>
    `${days(allowed)} without contact are allowed. In ${timeLeft(hours)} this computer opens only with the network.`,
  footEnded: (count: number, waiting: number) =>
    waiting === 0
      ? `${days(count)} without contact. Connect this computer to open it again. Nothing on it waits to be sent.`
      : waiting === 1
        ? `${days(count)} without contact. Connect this computer to open it again. Its 1 unsent change is safe and goes out first.`
        : `${days(count)} without contact. Connect this computer to open it again. Its ${waiting} unsent changes are safe and go out first.`,
};

/** The words of a computer that was taken out of service. */
export const leaving = {
  title: (clinic: string) => `This computer no longer belongs to ${clinic}`,
  handingOver: (count: number) =>
    count === 0
      ? "An admin took it out of service. Everything done on it is with the clinic."
      : `An admin took it out of service. It hands over ${changes(count)} for someone in the clinic to look at, when it reaches the server.`,
  needsPassword: (count: number) =>
    count === 0
      ? "An admin took it out of service. There may be changes on it that the clinic’s server does not have. Give your password once, and they are handed over to the clinic; it opens nothing else."
      : count === 1
        ? "An admin took it out of service. 1 change on it was not sent yet. Give your password once, and it is handed over to the clinic; it opens nothing else."
        : `An admin took it out of service. ${changes(count)} on it were not sent yet. Give your password once, and they are handed over to the clinic; it opens nothing else.`,
  wipesAt: (time: string) => `Its keys and records are destroyed ${time}, or as soon as an admin agrees.`,
  mistake:
    "If this is a mistake, tell the clinic’s admin now. To use this computer again it must be enrolled anew.",
  handOver: "Hand over",
  wipingTitle: "This computer is being cleared",
  wiping: "An admin took it out of service. Its keys and records are destroyed, and the clinic is told.",
};

/** The words of the list of computers. */
export const computers = {
  title: "Computers",
  lead: "A computer that is out of service locks within seconds when it is online. What it had not sent yet waits for someone to look at; then it destroys its keys and records, and says so.",
  columns: {
    name: "Name",
    scope: "Receives",
    lastSeen: "Last brought something",
    state: "State",
    act: "Act",
  },
  never: "not yet",
  thisOne: "this computer",
  revoke: "Take out of service",
  agree: "Agree to clear it now",
  revokeLong: (name: string) => `Take out of service: ${name}`,
  revokeTitle: (name: string) => `Take ${name} out of service?`,
  revokeText:
    "This cannot be undone: the computer must be enrolled anew to be used again. What was done on it and not sent yet is handed over for someone to look at, and then its keys and records are destroyed.",
  reason: "Why (for the log)",
  states: {
    inService: "in service",
    copied: "its data was copied; someone must sign in on it",
    recovered: "in service; goes on for one whose keys were lost",
    wentOn: (time: string) => `its keys were lost ${time}; it goes on as another one`,
    aCopy: "in service; a copy of another computer's disk that goes on by itself",
    asked: (time: string) => `taken out ${time}; it has not been in contact since`,
    neverConfirmed: (time: string) => `never confirmed; nobody opens it since ${time}`,
    acknowledged: "locked, hands over what it had",
    waits: "locked; clears itself a day after it heard of it, or when an admin agrees",
    leaving: "is being cleared",
    done: (time: string, lost: number) =>
      lost === 0
        ? `cleared ${time}, and confirmed`
        : `cleared ${time}, and confirmed; what only it had is lost (changes, files, records: ${number(lost)})`,
    other: (time: string) => `taken out ${time}; update Clinic Desk to see how far it has come`,
  },
};
