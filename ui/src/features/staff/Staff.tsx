import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keyLabel } from "../../app/keymap";
import { queryKeys, useSyncStatus } from "../../app/queries";
import type { StaffList } from "../../ipc/bindings/StaffList";
import type { StaffView } from "../../ipc/bindings/StaffView";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { timeOrDay } from "../../shared/format";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { GivePassword, type Given, GivenPassword } from "./OneTimePassword";
import { StaffDialog } from "./StaffDialog";
import page from "../../shared/listScreen.module.css";
import classes from "./Staff.module.css";

const ASK_AGAIN_MS = 5_000;

const isUnanswered = (error: unknown) => error !== null && problemOf(error).code === "server_unreachable";

/** What stands above the list. A one-time password is nowhere but here, and goes with the dialog. */
type Open =
  | { what: "edit"; person: StaffView | null }
  | { what: "give"; person: StaffView }
  | { what: "given"; given: Given }
  | null;

/** The clinic's staff, for its admins: who may do what, and a password for whoever has none. */
export function Staff() {
  const backend = useBackend();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: queryKeys.staff,
    queryFn: () => backend.listStaff(),
    // Whoever changed what they are themself, or was without the network, sees the list as soon as the server answers.
    refetchInterval: ({ state }) => isUnanswered(state.error) && ASK_AGAIN_MS,
  });
  const isOffline = useSyncStatus().data?.connection.state === "offline";
  const [open, setOpen] = useState<Open>(null);
  const { staff, keys } = messages;
  const close = () => setOpen(null);
  const show = (given: Given) => setOpen({ what: "given", given });
  return (
    <>
      <div className={page.screen} data-testid="staff">
        <div className={classes.head}>
          <h1>{staff.title}</h1>
          {data && <Button onClick={() => setOpen({ what: "edit", person: null })}>{staff.add}</Button>}
        </div>
        <p>{staff.lead}</p>
        {isOffline && !error && <Notice>{staff.offline}</Notice>}
        {isPending && <Waiting />}
        {error && <Problem error={error} onRetry={() => void refetch()} />}
        {data && data.people.length === 0 && <p>{staff.empty}</p>}
        {data && data.people.length > 0 && (
          <People
            list={data}
            onChange={(person) => setOpen({ what: "edit", person })}
            onGive={(person) => setOpen({ what: "give", person })}
          />
        )}
      </div>
      <KeyBar keys={[[keyLabel("today"), keys.today]]} />
      {open?.what === "edit" && (
        <StaffDialog person={open.person} clinics={data?.clinics ?? []} onGiven={show} onClose={close} />
      )}
      {open?.what === "give" && <GivePassword person={open.person} onGiven={show} onClose={close} />}
      {open?.what === "given" && <GivenPassword given={open.given} onClose={close} />}
    </>
  );
}

interface PeopleProps {
  list: StaffList;
  onChange: (person: StaffView) => void;
  onGive: (person: StaffView) => void;
}

function People({ list, onChange, onGive }: PeopleProps) {
  const { staff, roles } = messages;
  const { columns } = staff;
  const hasPlaces = list.clinics.length > 1;
  const placesOf = ({ form }: StaffView) =>
    form.clinics.length === 0
      ? staff.allClinics
      : form.clinics.flatMap((id) => list.clinics.find((one) => one.id === id)?.name ?? []).join(", ");
  return (
    <table className={page.table}>
      <thead>
        <tr>
          <th scope="col">{columns.name}</th>
          <th scope="col">{columns.email}</th>
          <th scope="col">{columns.roles}</th>
          {hasPlaces && <th scope="col">{columns.clinics}</th>}
          <th scope="col">{columns.state}</th>
          <th scope="col">
            <span className={page.hidden}>{columns.act}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {list.people.map((person) => {
          const { fullName, email, isActive } = person.form;
          return (
            <tr key={person.id} data-testid="member" className={isActive ? undefined : classes.gone}>
              <th scope="row">
                {fullName} {person.isYou && <span className={classes.you}>{staff.you}</span>}
              </th>
              <td>{email}</td>
              <td>{person.form.roles.map((role) => roles[role]).join(", ")}</td>
              {hasPlaces && <td>{placesOf(person)}</td>}
              <td>{stateWords(person)}</td>
              <td>
                <div className={classes.acts}>
                  <Button
                    variant="default"
                    size="xs"
                    aria-label={staff.changeLong(fullName)}
                    onClick={() => onChange(person)}
                  >
                    {staff.change}
                  </Button>
                  {isActive && !person.isYou && (
                    <Button
                      variant="default"
                      size="xs"
                      aria-label={staff.giveLong(fullName)}
                      onClick={() => onGive(person)}
                    >
                      {staff.give}
                    </Button>
                  )}
                </div>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function stateWords({ form, hasOneTimePassword, lastLoginAt }: StaffView): string {
  const { states } = messages.staff;
  if (!form.isActive) return states.inactive;
  if (hasOneTimePassword) return states.oneTime;
  return lastLoginAt ? states.signedIn(timeOrDay(lastLoginAt)) : states.never;
}
