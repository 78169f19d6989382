/** The words with which somebody chooses another password. */
export const password = {
  change: "Change your password",
  choose: "Choose your own password",
  lead: "This needs the network. At the clinic’s other computers you are asked for it once they have reached the server.",
  oneTime:
    "You signed in with a one-time password. Choose one that only you know. What you were doing stays as it is; Escape puts this off.",
  old: "The password you have now",
  oldOneTime: "The one-time password",
  fresh: "New password",
  again: "The new password once more",
  show: "Show the passwords",
  hint: "Four ordinary words make a good password.",
  missing: {
    old: "The password you have now is missing.",
    again: "The new password is good. Type it once more.",
    differs: "The new password and its repetition are not the same.",
    nothing: "Nothing is missing.",
  },
  waiting:
    "Waiting for the server. If it does not answer, this ends within about a minute, and says what became of the change.",
  submit: "Change the password",
  later: "Later",
  changed: "Your password was changed. From now on sign in with the new one.",
};
