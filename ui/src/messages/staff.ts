/** The words of the list of staff. */
export const staff = {
  title: "Staff",
  lead: "Who works here and what each may do. Staff are kept by the server, so this page works only with the network.",
  offline: "There is no line to the server now. Nothing here can be changed until it is back.",
  empty: "Nobody is in the list yet.",
  columns: {
    name: "Name",
    email: "E-mail",
    roles: "What they do",
    clinics: "Works at",
    state: "State",
    act: "Act",
  },
  you: "you",
  allClinics: "all clinics",
  states: {
    inactive: "cannot sign in",
    oneTime: "has a one-time password",
    never: "has not signed in yet",
    signedIn: (time: string) => `last gave the password ${time}`,
  },
  add: "Add someone",
  addLead: "They get a one-time password, which is shown to you once.",
  change: "Change",
  changeLong: (name: string) => `Change: ${name}`,
  changeTitle: (name: string) => `Change ${name}`,
  changed: (name: string) => `${name} was changed`,
  save: "Save",
  emailHint: "They sign in with it.",
  emailChangeHint:
    "They sign in with it. If it is another one, they are signed out at the next contact with the server, and sign in with it and the password that they have.",
  mobile: "Mobile number, if you like",
  roles: "What they do",
  rolesHint: {
    admin: "people, computers and the letterhead; by itself it shows no patient’s illnesses",
    doctor: "prescribes",
    dentist: "prescribes and charts teeth",
    receptionist: "registers patients and books",
    nurse: "measures, asks, and prepares for the doctor",
  },
  registration: "For prescriptions",
  registrationHint: "This stands under every prescription. Without it nobody can sign one.",
  registrationUnknown:
    "What was registered before has not come to this computer yet. It stays as it is if you leave these empty.",
  number: "Registration number",
  council: "Council that keeps the register",
  qualifications: "Qualifications, for example MBBS, MD",
  specialization: "Speciality, for example General Medicine",
  clinicsHint: "With none chosen they work at all of them.",
  mostly: "Mostly at",
  isActive: "Can sign in",
  isActiveHint: "Whoever has left cannot. Their work stays, with their name on it.",
  yourself:
    "This is you. As soon as you save, you are no longer an admin or can no longer sign in, and only another admin can undo that.",
  yourSignIn:
    "This is you. Once this is saved you are signed out, and sign in again with the e-mail that stands here and the password that you have.",
  give: "One-time password",
  giveLong: (name: string) => `One-time password for ${name}`,
  giveTitle: (name: string) => `Give ${name} a one-time password?`,
  giveText:
    "The password that they have now stops working, and they are signed out at the next contact with the server. The new one is shown to you once, and works for ten minutes: do this when they are with you.",
  giveSubmit: "Give it",
  givenTitle: (name: string) => `The one-time password of ${name}`,
  given: "The one-time password",
  givenNew:
    "Tell it to them, or write it down for them. With it and their e-mail they sign in within a week, with the network, and are asked for another one at the first sign-in.",
  givenAgain:
    "Tell it to them now. With it and their e-mail they sign in within ten minutes, with the network, and are asked for another one at once.",
  givenUnseen: (name: string) => `${name} has a one-time password that nobody has seen: give another one.`,
  givenOnce:
    "It is kept nowhere and is gone when you close this. If it gets lost, give them another one: the list has a button for it.",
  done: "Close; they have it",
};
