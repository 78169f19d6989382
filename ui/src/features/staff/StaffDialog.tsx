import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { queryKeys } from "../../app/queries";
import type { ClinicId } from "../../ipc/bindings/ClinicId";
import type { Role } from "../../ipc/bindings/Role";
import type { StaffClinic } from "../../ipc/bindings/StaffClinic";
import type { StaffForm } from "../../ipc/bindings/StaffForm";
import type { StaffRegistration } from "../../ipc/bindings/StaffRegistration";
import type { StaffView } from "../../ipc/bindings/StaffView";
import { useBackend } from "../../ipc/context";
import { langOf, problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Notice, Problem } from "../../shared/parts";
import { useThere } from "../../shared/there";
import { TypedDialog } from "../../shared/TypedDialog";
import { useToast } from "../../shared/toasts";
import dialog from "../../shared/Dialog.module.css";
import type { Given } from "./OneTimePassword";
import { Choices } from "./Choices";
import classes from "./Staff.module.css";

const allRoles: Role[] = ["doctor", "dentist", "nurse", "receptionist", "admin"];

const empty: StaffForm = {
  fullName: "",
  email: "",
  mobileNumber: "",
  roles: [],
  isActive: true,
  clinics: [],
  registration: { number: "", council: "", qualifications: "", specialization: "" },
};

interface Props {
  /** Who is changed, as they were when this was opened; none for somebody new. */
  person: StaffView | null;
  clinics: StaffClinic[];
  onGiven: (given: Given) => void;
  onClose: () => void;
}

/** A member of staff while they are added or changed. */
export function StaffDialog({ person, clinics, onGiven, onClose }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const isThere = useThere();
  const { staff, roles, common } = messages;
  const [seen] = useState(person?.form ?? empty);
  const [form, setForm] = useState(seen);
  const save = useMutation({
    // What a mutation answers is kept for a while: a password is handed on instead.
    mutationFn: async () => {
      if (person) {
        await backend.changeStaff(person.id, seen, form);
        toast(staff.changed(form.fullName));
        if (isThere.current) onClose();
      } else {
        const password = await backend.addStaff(form);
        if (isThere.current) onGiven({ name: form.fullName, password, isNew: true });
        else toast(staff.givenUnseen(form.fullName));
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.staff }),
  });
  const change = (part: Partial<StaffForm>) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (save.isPending) return;
    if (part.email !== undefined) save.reset();
    setForm((before) => ({ ...before, ...part }));
  };
  const text = (name: "fullName" | "email" | "mobileNumber", label: string, maxLength: number) => ({
    label,
    maxLength,
    autoComplete: "off",
    spellCheck: false,
    value: form[name],
    onChange: (event: ChangeEvent<HTMLInputElement>) => change({ [name]: event.currentTarget.value }),
  });
  const title = person ? staff.changeTitle(seen.fullName) : staff.add;
  const isPrescriber = form.roles.includes("doctor") || form.roles.includes("dentist");
  const isGivenUp = seen.roles.includes("admin") && !(form.isActive && form.roles.includes("admin"));
  const signsInAnew =
    form.email !== seen.email ||
    form.roles.length !== seen.roles.length ||
    form.roles.some((role) => !seen.roles.includes(role));
  const problem = save.error && problemOf(save.error);
  const isTaken = problem?.code === "email_taken";
  const email = useRef<HTMLInputElement>(null);
  // Where something must be put right, one goes on typing.
  useEffect(() => {
    if (isTaken) email.current?.focus();
  }, [isTaken]);
  const isTyped = JSON.stringify(form) !== JSON.stringify(seen);
  return (
    <TypedDialog label={title} isTyped={isTyped} isSaving={save.isPending} onClose={onClose}>
      <form
        className={dialog.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate();
        }}
      >
        <h2>{title}</h2>
        {!person && <p>{staff.addLead}</p>}
        <TextInput {...text("fullName", staff.columns.name, 100)} data-autofocus />
        <TextInput
          {...text("email", staff.columns.email, 254)}
          ref={email}
          type="email"
          description={person ? staff.emailChangeHint : staff.emailHint}
          error={
            isTaken && (
              <span role="alert" lang={langOf(problem.detail)}>
                {problem.detail}
              </span>
            )
          }
        />
        <TextInput {...text("mobileNumber", staff.mobile, 20)} type="tel" />
        <Choices
          legend={staff.roles}
          choices={allRoles.map((role) => ({ id: role, label: roles[role], hint: staff.rolesHint[role] }))}
          chosen={form.roles}
          onChoose={(chosen) => change({ roles: chosen })}
        />
        {isPrescriber && (
          <Registration
            registration={form.registration}
            isUnknown={person?.isRegistered === true && seen.registration.number === ""}
            onChange={(registration) => change({ registration })}
          />
        )}
        {clinics.length > 1 && (
          <Places
            clinics={clinics}
            chosen={form.clinics}
            onChoose={(chosen) => change({ clinics: chosen })}
          />
        )}
        {person && (
          <Choices
            legend={staff.columns.state}
            choices={[{ id: "active", label: staff.isActive, hint: staff.isActiveHint }]}
            chosen={form.isActive ? ["active"] : []}
            onChoose={(chosen) => change({ isActive: chosen.length > 0 })}
          />
        )}
        {person?.isYou && (
          <div role="status">
            {isGivenUp && <Notice>{staff.yourself}</Notice>}
            {!isGivenUp && signsInAnew && <Notice>{staff.yourSignIn}</Notice>}
          </div>
        )}
        {problem && !isTaken && <Problem error={problem} />}
        <div className={dialog.buttons}>
          <Button variant="default" disabled={save.isPending} onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {person ? staff.save : staff.add}
          </Button>
        </div>
      </form>
    </TypedDialog>
  );
}

interface RegistrationProps {
  registration: StaffRegistration;
  /** Whether something is registered that this computer does not know. */
  isUnknown: boolean;
  onChange: (registration: StaffRegistration) => void;
}

function Registration({ registration, isUnknown, onChange }: RegistrationProps) {
  const { staff } = messages;
  const fields: [keyof StaffRegistration, number][] = [
    ["number", 50],
    ["council", 100],
    ["qualifications", 200],
    ["specialization", 100],
  ];
  return (
    <fieldset className={classes.group}>
      <legend>{staff.registration}</legend>
      <p>{isUnknown ? staff.registrationUnknown : staff.registrationHint}</p>
      {fields.map(([name, maxLength]) => (
        <TextInput
          key={name}
          label={staff[name]}
          maxLength={maxLength}
          autoComplete="off"
          spellCheck={false}
          value={registration[name]}
          onChange={(event) => onChange({ ...registration, [name]: event.currentTarget.value })}
        />
      ))}
    </fieldset>
  );
}

interface PlacesProps {
  clinics: StaffClinic[];
  /** The place where they mostly are first. */
  chosen: ClinicId[];
  onChoose: (chosen: ClinicId[]) => void;
}

function Places({ clinics, chosen, onChoose }: PlacesProps) {
  const { staff } = messages;
  return (
    <>
      <Choices
        legend={staff.columns.clinics}
        hint={staff.clinicsHint}
        choices={clinics.map(({ id, name }) => ({ id, label: name }))}
        chosen={chosen}
        onChoose={onChoose}
      />
      {chosen.length > 1 && (
        <NativeSelect
          label={staff.mostly}
          value={chosen[0]}
          data={clinics.flatMap(({ id, name }) => (chosen.includes(id) ? [{ value: id, label: name }] : []))}
          onChange={({ currentTarget: { value } }) =>
            onChoose([value, ...chosen.filter((one) => one !== value)])
          }
        />
      )}
    </>
  );
}
