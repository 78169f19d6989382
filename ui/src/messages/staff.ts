/** The words of the list of staff. */
export const staff = {
  title: "Staff",
  lead: "Who works here and what each may do. The list is kept on the server, so this page needs the network.",
  offline: "The server cannot be reached. Nothing here can be changed until it is back.",
  empty: "Nobody is on the list yet.",
  columns: {
    name: "Name",
    email: "E-mail",
    roles: "What they do",
    clinics: "Works at",
    state: "State",
    act: "Actions",
  },
  you: "you",
  allClinics: "all clinics",
  states: {
    inactive: "cannot sign in",
    oneTime: "has a one-time password",
    never: "has not signed in yet",
    signedIn: (time: string) => `last typed the password ${time}`,
  },
  add: "Add someone",
  addLead: "They get a one-time password, shown to you once.",
  change: "Change",
  changeLong: (name: string) => `Change: ${name}`,
  changeTitle: (name: string) => `Change ${name}`,
  changed: (name: string) => `Changes to ${name} saved`,
  save: "Save",
  emailHint: "They sign in with it.",
  emailChangeHint:
    "They sign in with it. If you change it, they are signed out at the next contact with the server, and sign in with the new e-mail and the same password.",
  mobile: "Mobile number (optional)",
  roles: "What they do",
  rolesHint: {
    admin: "staff, computers and the letterhead; alone, it shows no patient’s illnesses",
    doctor: "prescribes",
    dentist: "prescribes and charts teeth",
    receptionist: "registers patients, books visits",
    nurse: "takes vitals, asks, prepares for the doctor",
  },
  registration: "For prescriptions",
  registrationHint: "This is printed under every prescription. Nobody can sign one without it.",
  registrationUnknown:
    "The details already on record have not reached this computer yet. Leave these empty to keep them.",
  number: "Registration number",
  council: "Council registered with",
  qualifications: "Qualifications, for example MBBS, MD",
  specialization: "Speciality, for example General Medicine",
  clinicsHint: "If none is chosen, they work at all of them.",
  mostly: "Mostly at",
  isActive: "Can sign in",
  isActiveHint: "Clear this when someone leaves. Their work stays, with their name on it.",
  yourself:
    "This is you. Once you save, you are no longer an admin or can no longer sign in, and only another admin can undo that.",
  yourSignIn:
    "This is you. Once you save, you are signed out. Sign in again with the e-mail shown here and the same password.",
  give: "One-time password",
  giveLong: (name: string) => `One-time password for ${name}`,
  giveTitle: (name: string) => `Give ${name} a one-time password?`,
  giveText:
    "Their current password stops working, and they are signed out at the next contact with the server. The new one is shown to you once and works for ten minutes, so do this when they are with you.",
  giveSubmit: "Give it",
  givenTitle: (name: string) => `${name}’s one-time password`,
  given: "The one-time password",
  givenNew:
    "Tell it to them, or write it down for them. It works for a week: they sign in with it and their e-mail, with the network, and are then asked to choose their own.",
  givenAgain:
    "Tell it to them now. It works for ten minutes: they sign in with it and their e-mail, with the network, and are then asked to choose their own.",
  givenUnseen: (name: string) => `Nobody has seen ${name}’s one-time password: give them a new one.`,
  givenOnce:
    "It is not kept anywhere and is gone when you close this. If it gets lost, give them a new one from the list.",
  done: "They have it; close",
};
