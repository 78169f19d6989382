/** The words of the recovery code, and of a computer that cannot open its records. */
export const recovery = {
  title: "Write down the recovery code",
  lead: (device: string) =>
    `If the keyring of ${device} is lost, for example because its account was reset, only this code opens the records on it. It is shown only now.`,
  code: "Recovery code",
  fingerprint: "Fingerprint",
  device: "Computer",
  madeOn: "Made on",
  where:
    "Keep it in a safe, away from this computer: anyone with the code and the disk can read the records. It is not for signing in.",
  save: "Save as PDF to print",
  saved: (path: string) => `Saved: ${path}. Print it, then delete the file.`,
  kept: "The code is printed or written down, and will be kept safe, away from this computer.",
  goOn: "Continue",
  notice: {
    none: "This computer has no recovery code. If its keyring is lost, what it has not sent is lost too.",
    unkept:
      "Nobody has confirmed that this computer’s recovery code is written down. If its keyring is lost, what it has not sent is lost too.",
    admin: "Make a new one",
    others: "An admin signs in here and makes one (Computers).",
  },
  column: "Recovery code",
  inList: (fingerprint: string, day: string) => `${fingerprint}, made on ${day}`,
  notInList: "none",
  make: "Make a new recovery code",
  makeText:
    "It is for this computer. The old code then opens nothing: tear up its page. Enter your password again.",
  password: "Your password",
  recover: {
    title: "Open it with the recovery code",
    lead: (fingerprint: string) =>
      `The page with the fingerprint ${fingerprint} opens the records on this computer. It also needs the network, a one-time code from an admin for this clinic, and your password.`,
    after:
      "The server then knows the computer under a new name. What it had not sent is not lost: an admin will look at it. You are shown a new recovery code; tear up the old page.",
    unknown: {
      lead: "The page with this computer's recovery code opens the records on it. It also needs a one-time code from an admin for this clinic, and your password.",
      after:
        "The computer stays what it is, and sends again what was done on it. The page is still valid: put it back in its safe place.",
    },
    recoveryCode: "Recovery code",
    recoveryCodeHint: "28 characters. Capitals, hyphens and spaces do not matter.",
    code: "One-time code",
    codeHint: "From an admin, as for a new computer; the person who runs the server can make one too",
    email: "E-mail",
    password: "Password",
    submit: "Open the records",
  },
};

/** A computer that cannot open its records, by what is the matter. */
export const broken = {
  title: "This computer cannot open its records",
  lookAgain: "Check again",
  lost: "This computer's keys are missing",
  ways: {
    keyring_locked: "Unlock the keyring, or sign in to the computer again, then check again.",
    keyring_missing: "Install a keyring, sign in to the computer again, then check again.",
    keyring_entry_missing:
      "If Clinic Desk was used in another account on this computer, sign in to that one. Otherwise the recovery code opens it.",
    keyring_replaced:
      "If the keyring was replaced by an older one or another account's, put the right one back. Otherwise the recovery code opens it.",
    store_damaged:
      "Nothing was deleted, and no empty records were made in their place. What was sent is on the server. Call support, and leave the computer as it is: what had not been sent may still be saved from it.",
  },
  noCode:
    "No recovery code was made for this computer. What was sent is on the server: call support, and leave the computer as it is until then.",
};
