import { Button, TextInput } from "@mantine/core";
import { IconArrowsSplit } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { refreshRows } from "../../app/queries";
import type { Conflict } from "../../ipc/bindings/Conflict";
import type { ConflictChoice } from "../../ipc/bindings/ConflictChoice";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { age, timeOrDay } from "../../shared/format";
import { Kbd, Notice, Parts, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import { Before, Person, RefusedSides, Side } from "./Cards";
import { OtherValue } from "./OtherValue";
import { RefusedElsewhere } from "./RefusedElsewhere";
import { useReviewKeys } from "./Review";
import classes from "./Review.module.css";
import { decidedText, deciders, ruleText, sideText, sidesOf, titleOf } from "./words";

interface Props {
  conflict: Conflict;
  onLater: () => void;
  onDecided: () => void;
}

interface Choice {
  choice: ConflictChoice;
  label: string;
}

/** One item: both sides, who and when, and what can be decided. */
export function Item({ conflict, onLater, onDecided }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [reason, setReason] = useState("");
  const [isTyping, setTyping] = useState(false);
  const safer = useRef<HTMLButtonElement>(null);
  const article = useRef<HTMLElement>(null);
  const { review } = messages;
  const decide = useMutation({
    mutationFn: ({ choice, typed = null }: { choice: ConflictChoice; typed?: string | null }) =>
      backend.decideConflict(conflict.id, choice, typed, reason),
    onSuccess: () => {
      toast(review.done);
      void refreshRows(client);
    },
  });
  useUnsaved(reason !== "", reason !== "" && decide.isPending);
  // Said with the call, it leads nobody away who went on to another item meanwhile.
  const next = { onSuccess: onDecided };
  const choices = conflict.mayDecide ? choicesOf(conflict) : [];
  const take = (place: number) => {
    const chosen = choices[place];
    if (chosen && !decide.isPending) decide.mutate({ choice: chosen.choice }, next);
  };
  useReviewKeys({
    "1": () => take(0),
    "2": () => take(1),
    "3": () => conflict.mayDecide && conflict.entry && setTyping(true),
  });
  // The safer choice is focused, never chosen by itself; where none is, the item.
  useEffect(() => (safer.current ?? article.current)?.focus({ preventScroll: true }), []);
  const button = (place: number) => {
    const chosen = choices[place];
    if (!chosen) return null;
    const isSafer = conflict.safer === chosen.choice;
    return (
      <Button
        ref={isSafer ? safer : undefined}
        {...(isSafer ? {} : { variant: "default" })}
        disabled={decide.isPending}
        onClick={() => take(place)}
      >
        {chosen.label}
      </Button>
    );
  };
  const { patient } = conflict;
  const [one, other] = sidesOf(conflict);
  const isPair = conflict.kind === "duplicate";
  const isSettled = choices.length === 1;
  return (
    <article ref={article} tabIndex={-1} className={classes.item} aria-labelledby="review-title">
      <header>
        <span className={classes.icon}>
          <IconArrowsSplit size={22} stroke={1.8} aria-hidden="true" />
        </span>
        <div>
          <h2 id="review-title">{titleOf(conflict)}</h2>
          {patient && (
            <p>
              <Parts
                parts={[patient.fullName, [age(patient.age), patient.sex].join(" "), patient.patientCode]}
              />{" "}
              <Link to="/patients/$patientId" params={{ patientId: patient.id }}>
                {review.openChart}
              </Link>
            </p>
          )}
        </div>
      </header>
      <Notice>{explain(conflict)}</Notice>
      <div className={classes.cards}>
        {conflict.kind === "refused" ? (
          <RefusedSides conflict={conflict} />
        ) : isPair ? (
          <>
            <Person patient={conflict.otherPatient} side={conflict.theirs} />
            <Person patient={patient} side={conflict.ours} />
          </>
        ) : (
          <>
            {conflict.kind === "column" && <Before conflict={conflict} />}
            <Side conflict={conflict} side={one} number="1">
              {!isSettled && button(0)}
            </Side>
            <Side conflict={conflict} side={other} number="2">
              {!isSettled && button(1)}
            </Side>
          </>
        )}
      </div>
      {conflict.decided && <DecisionText conflict={conflict} />}
      {conflict.mayDecide ? (
        <div className={classes.ways}>
          {(isPair || conflict.kind === "refused") &&
            [0, 1].map((place) => (
              <span key={place}>
                {button(place)} <Kbd>{place + 1}</Kbd>
              </span>
            ))}
          {conflict.kind === "refused" && <RefusedElsewhere conflict={conflict} onCorrected={onDecided} />}
          {isSettled && (
            <span>
              {button(0)} <Kbd>1</Kbd>
            </span>
          )}
          {conflict.entry && !isTyping && (
            <Button variant="default" rightSection={<Kbd>3</Kbd>} onClick={() => setTyping(true)}>
              {review.other}
            </Button>
          )}
          {conflict.entry && isTyping && (
            <OtherValue
              entry={conflict.entry}
              isPending={decide.isPending}
              onCancel={() => setTyping(false)}
              onTake={(typed) => decide.mutate({ choice: "other", typed }, next)}
            />
          )}
          <Button variant="subtle" rightSection={<Kbd>Esc</Kbd>} onClick={onLater}>
            {review.later}
          </Button>
          <TextInput
            className={classes.reason}
            aria-label={review.reason}
            placeholder={review.reason}
            value={reason}
            // Of a merger it stands with the registration, too, where less has room.
            maxLength={isPair ? 300 : 500}
            readOnly={decide.isPending}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </div>
      ) : (
        !conflict.decided && <p className={classes.foot}>{deciders(conflict)}</p>
      )}
      {decide.error && <Problem error={decide.error} />}
      {conflict.mayDecide && <p className={classes.foot}>{review.onceMore}</p>}
    </article>
  );
}

/** What can be decided, in the order of the keys. */
function choicesOf(conflict: Conflict): Choice[] {
  const { review } = messages;
  switch (conflict.kind) {
    case "column":
      return sidesOf(conflict).map((side) => ({
        choice: side,
        label: (conflict[side].isHere ? review.keep : review.take)(sideText(conflict, side)),
      }));
    case "delete_edit":
      return sidesOf(conflict).map((side) => ({
        choice: side,
        label: conflict[side].text === "true" ? review.deleteRecord : review.keepRecord,
      }));
    case "duplicate":
      return [
        { choice: "merged", label: review.samePerson },
        { choice: "apart", label: review.twoPeople },
      ];
    case "refused":
      return [
        { choice: "ours", label: review.refused.retry },
        { choice: "theirs", label: review.refused.discard },
      ];
    case "semantic":
    case "two_amendments":
    case "double_booking":
      return [{ choice: "settled", label: review.settle }];
  }
}

function explain(conflict: Conflict): string {
  const { review } = messages;
  switch (conflict.kind) {
    case "column": {
      const held = (["theirs", "ours"] as const).find((side) => conflict[side].holds);
      const until = conflict.isUnion ? review.union : held ? review.safe(sideText(conflict, held)) : "";
      return [review.differs, until, review.lost].filter(Boolean).join(" ");
    }
    case "delete_edit":
      return review.deleted;
    case "duplicate":
      return review.duplicate;
    case "two_amendments":
      return review.amendments;
    case "double_booking":
      return review.booking;
    case "refused":
      return refusedText(conflict);
    case "semantic":
      return ruleText(conflict);
  }
}

function refusedText({ refused, theirs }: Conflict): string {
  const words = messages.review.refused;
  if (!refused) return "";
  return [
    words.lead(refused.title, refused.detail ?? messages.sync.refused.unsaid),
    refused.why ? words.why(theirs.who ?? "", refused.why) : words.lost,
    refused.triedAt && words.tried(timeOrDay(refused.triedAt)),
  ]
    .filter(Boolean)
    .join(" ");
}

function DecisionText({ conflict }: { conflict: Conflict }) {
  const { review } = messages;
  const { decided } = conflict;
  if (!decided) return null;
  const value = decidedText(conflict);
  const by = decided.isSent
    ? review.decidedBy(decided.who ?? "", decided.at ? timeOrDay(decided.at) : "")
    : review.notSent;
  return (
    <p className={classes.decision} data-testid="review-decision">
      <strong>
        {review.decided[decided.choice]}
        {value !== null && ` “${value}”`}
      </strong>{" "}
      <Parts parts={[by, decided.reason]} />
    </p>
  );
}
