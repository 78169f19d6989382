/** The words with which somebody chooses another password. */
export const password = {
  change: "Change your password",
  choose: "Choose your own password",
  lead: "This needs the network. The clinic’s other computers ask for the new password once they have reached the server.",
  oneTime:
    "You signed in with a one-time password. Choose one that only you know. What you were doing stays as it is; press Escape to do this later.",
  old: "Current password",
  oldOneTime: "The one-time password",
  fresh: "New password",
  again: "New password again",
  show: "Show the passwords",
  hint: "Four ordinary words make a good password.",
  missing: {
    old: "Enter your current password.",
    again: "The new password is good. Type it again.",
    differs: "The two new passwords are not the same.",
    nothing: "Nothing is missing.",
  },
  waiting:
    "Waiting for the server. If it does not answer, this stops within about a minute and tells you what happened.",
  submit: "Change the password",
  later: "Later",
  changed: "Your password was changed. Sign in with the new one from now on.",
};
