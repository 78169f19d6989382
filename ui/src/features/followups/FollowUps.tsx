import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keyLabel } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { FollowUp } from "../../ipc/bindings/FollowUp";
import type { FollowUpDays } from "../../ipc/bindings/FollowUpDays";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Choices } from "../../shared/Choices";
import page from "../../shared/page.module.css";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { BookingDialog } from "../booking/BookingDialog";
import { DueList } from "./DueList";
import classes from "./FollowUps.module.css";

const choices: FollowUpDays[] = ["around", "overdue", "week", "month"];

/** Whom a doctor asked to come again, and who neither came since nor is booked: to be telephoned, and booked from here. */
export function FollowUps() {
  const backend = useBackend();
  const { session } = useSession();
  const [days, setDays] = useState<FollowUpDays>("around");
  const [booked, setBooked] = useState<FollowUp | null>(null);
  const isTold = session.scope === "clinical";
  const { data, error, isPending, refetch } = useQuery({
    queryKey: queryKeys.followUps(days),
    queryFn: () => backend.listFollowUps(days),
    enabled: isTold,
  });
  const { followUps, keys } = messages;
  const people = data?.people ?? [];
  const some = data?.hasMore ? followUps.first : followUps.count;
  return (
    <>
      <div className={page.screen} data-testid="follow-ups">
        <header className={page.head}>
          <h1>{followUps.title}</h1>
          {isTold && (
            <Choices
              label={followUps.filter}
              value={days}
              onChange={setDays}
              choices={choices.map((value) => ({ value, label: followUps.days[value] }))}
            />
          )}
        </header>
        {isTold ? (
          <p className={classes.lead}>
            {followUps.lead[days]} {followUps.without}
          </p>
        ) : (
          <Notice>{followUps.frontDesk}</Notice>
        )}
        {error && <Problem error={error} onRetry={() => void refetch()} />}
        {isTold && isPending && <Waiting rows={6} />}
        <p className={classes.count} role="status">
          {data && (people.length === 0 ? followUps.none : some(people.length))}
        </p>
        {people.length > 0 && <DueList key={days} people={people} onBook={setBooked} />}
      </div>
      {booked && (
        <BookingDialog
          patient={booked.patient}
          // Of a day that is over, whoever is called says which one suits them.
          day={booked.days < 0 ? "" : booked.dueOn}
          asked={booked.doctorId}
          onClose={() => setBooked(null)}
        />
      )}
      <KeyBar
        keys={[
          ...(people.length > 0
            ? ([
                ["↑ ↓", keys.move],
                ["Enter", keys.open],
                [keyLabel("book"), keys.book],
              ] satisfies [string, string][])
            : []),
          [keyLabel("find"), keys.find],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}
