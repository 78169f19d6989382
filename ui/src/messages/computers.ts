import { changes, days, number, timeLeft } from "./words";

/** The words with which a computer is set up. */
export const enrol = {
  title: "Set up this computer",
  lead: "This needs the network once. After that it works with or without it.",
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
    "You type the code and sign in here, with the network.",
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
  people: "People who use this computer",
  wasTooLong:
    "Locked because the last person signed in more than 12 hours ago. Enter your password to continue.",
  foot: "You can open and work with or without the network.",
  footOnline: "This computer opens only with the network.",
  footSoon: (allowed: number, hours: number) =>
    `${days(allowed)} without contact are allowed. In ${timeLeft(hours)} this computer opens only with the network.`,
  footEnded: (count: number, waiting: number) =>
    waiting === 0
      ? `${days(count)} without contact. Connect this computer to open it again. Nothing on it is waiting to be sent.`
      : waiting === 1
        ? `${days(count)} without contact. Connect this computer to open it again. Its 1 unsent change is safe and will be sent first.`
        : `${days(count)} without contact. Connect this computer to open it again. Its ${waiting} unsent changes are safe and will be sent first.`,
};

/** The words of a computer that was taken out of service. */
export const leaving = {
  title: (clinic: string) => `This computer no longer belongs to ${clinic}`,
  handingOver: (count: number) =>
    count === 0
      ? "An admin took it out of service. Everything done on it is with the clinic."
      : `An admin took it out of service. When it reaches the server, it hands over ${changes(count)} for someone in the clinic to look at.`,
  needsPassword: (count: number) =>
    count === 0
      ? "An admin took it out of service. There may be changes on it that the clinic’s server does not have. Enter your password once to hand them over to the clinic; it opens nothing else."
      : count === 1
        ? "An admin took it out of service. 1 change on it has not been sent yet. Enter your password once to hand it over to the clinic; it opens nothing else."
        : `An admin took it out of service. ${changes(count)} on it have not been sent yet. Enter your password once to hand them over to the clinic; it opens nothing else.`,
  wipesAt: (time: string) =>
    `Its keys and records will be destroyed ${time} if this computer stays on until then, or as soon as an admin agrees.`,
  mistake:
    "If this is a mistake, tell the clinic’s admin now. To be used again, this computer must be enrolled again.",
  handOver: "Hand over",
  wipingTitle: "This computer is being cleared",
  wiping:
    "An admin took it out of service. Its keys and records are being destroyed, and the clinic is told.",
};

/** The words of the list of computers. */
export const computers = {
  title: "Computers",
  lead: "A computer taken out of service locks within seconds if it is online. Its unsent work is handed over for someone to look at; then it destroys its keys and records, and confirms this.",
  columns: {
    name: "Name",
    scope: "Receives",
    lastSeen: "Last sent something",
    state: "State",
    act: "Actions",
  },
  add: "Add a computer",
  addLead:
    "This makes a one-time code. With it, someone on your staff sets up a new computer, or recovers one whose keys were lost.",
  clinic: "Where it will stand",
  purpose: "What it is for",
  purposes: { clinical: "Consulting", front_desk: "Front desk" },
  purposesHint: {
    clinical:
      "For doctors, dentists and nurses. It holds the whole record, with illnesses, prescriptions and files.",
    front_desk:
      "For reception. It holds names, phone numbers, appointments and the queue, but no illnesses, prescriptions or files.",
  },
  addAgain: "If the computer was in use here before, choose the same clinic and the same use as then.",
  make: "Make the code",
  madeTitle: "One-time code for a computer",
  code: "The one-time code",
  server: "Server address",
  until: "Works until",
  madeFor: "For",
  madeHow:
    "Install Clinic Desk on the new computer and start it. Type this code and the server address there, and sign in with the e-mail and password of someone on your staff.",
  madeOnce:
    "It works once. It is not kept anywhere and is gone when you close this: if it gets lost or too old, make a new one.",
  done: "Close",
  never: "not yet",
  thisOne: "this computer",
  revoke: "Take out of service",
  agree: "Agree to clear it now",
  revokeLong: (name: string) => `Take out of service: ${name}`,
  revokeTitle: (name: string) => `Take ${name} out of service?`,
  revokeText:
    "This cannot be undone: to be used again, the computer must be enrolled again. Its unsent work is handed over for someone to look at, and then its keys and records are destroyed.",
  reason: "Why (for the log)",
  states: {
    inService: "in service",
    copied: "its data was copied; someone must sign in on it",
    recovered: "in service; continues for one whose keys were lost",
    wentOn: (time: string) => `its keys were lost ${time}; it continues as another one`,
    aCopy: "in service; a copy of another computer's disk, now on its own",
    asked: (time: string) => `taken out ${time}; no contact since`,
    neverConfirmed: (time: string) => `never confirmed; could not be opened after ${time}`,
    acknowledged: "locked; handing over what it had",
    waits: "locked; clears itself after a day switched on, or when an admin agrees",
    leaving: "being cleared",
    done: (time: string, lost: number) =>
      lost === 0
        ? `cleared ${time}, and confirmed`
        : `cleared ${time}, and confirmed; what only it had is lost (changes, files, records: ${number(lost)})`,
    other: (time: string) => `taken out ${time}; update Clinic Desk to see how far it has come`,
  },
};
