import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { IconSearch, IconUserPlus } from "@tabler/icons-react";
import { isPlain, keyLabel, saidBy } from "../../app/keymap";
import { dayOf, queryKeys, useSyncStatus } from "../../app/queries";
import type { PatientSummary } from "../../ipc/bindings/PatientSummary";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Kbd, KeyBar, Problem } from "../../shared/parts";
import classes from "./Finder.module.css";
import { FinderPreview } from "./FinderPreview";
import { FinderRow } from "./FinderRow";

/** The place of somebody among those that were found, or -1; behind them all stands to register. */
const placeOf = (found: PatientSummary[], patientId: string | null) =>
  patientId === null ? found.length : found.findIndex((one) => one.id === patientId);

/** Finds a patient by number, name or code, from anywhere. */
export function Finder({ onClose }: { onClose: () => void }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  /** Whom the arrows chose, or to register: another answer puts nobody else in their place. */
  const [marked, setMarked] = useState<{ patientId: string | null } | null>(null);
  const lookedAt = useSearch({ strict: false, select: ({ day }) => day });
  // By the clinic's clock.
  const today = useQuery({ ...dayOf(backend, null), enabled: lookedAt !== undefined }).data?.date;
  const input = useRef<HTMLInputElement>(null);
  const { finder, keys } = messages;
  const query = typed.trim();
  const isFilling = Boolean(useSyncStatus().data?.filling);
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: queryKeys.finder(query),
    queryFn: async () => ({ query, ...(await backend.findPatients(query)) }),
    enabled: query !== "",
    // Who is shown keeps their place under the eyes until something else is typed.
    staleTime: ({ state }) => (state.data?.people.length ? "static" : 0),
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
  // Until the next answer comes, the one before stands whole: each key changes the list once.
  const answer = query === "" ? undefined : data;
  const found = answer?.people ?? [];
  // The last choice registers what was typed.
  const choices = found.length + (answer ? 1 : 0);
  const first = found.findIndex((patient) => !patient.speltOtherwise);
  const otherwise = found.filter((patient) => patient.speltOtherwise).length;
  // Who is only spelt otherwise is never opened unasked: Enter registers, and arrows choose.
  const unasked = first < 0 ? found.length : first;
  const place = marked && placeOf(found, marked.patientId);
  const chosen = place ?? Math.min(unasked, Math.max(choices - 1, 0));
  const isRegistering = answer !== undefined && chosen === found.length;
  const registering = useRef<HTMLDivElement>(null);
  // With the first drawing: letters that come right behind it go nowhere else.
  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => {
    if (isRegistering) registering.current?.scrollIntoView({ block: "nearest" });
  }, [isRegistering]);

  const open = (patient: PatientSummary, books = false) => {
    onClose();
    const params = { patientId: patient.id };
    // Whoever looks at a day to come books for it.
    const isToCome = lookedAt !== undefined && today !== undefined && lookedAt > today;
    const search = books ? { book: isToCome ? lookedAt : "now" } : {};
    void navigate({ to: "/patients/$patientId", params, search });
  };
  const register = () => {
    // Who is typed may be here already.
    if (isPlaceholderData) return;
    onClose();
    void navigate({ to: "/register", search: { typed: query } });
  };
  const choose = (books: boolean) => {
    const patient = found[chosen];
    if (isPlaceholderData) return;
    // Who was marked is not among those that came.
    if (chosen < 0) setMarked(null);
    else if (patient) open(patient, books);
    else if (answer) register();
  };
  // Of one whole number, a digit more is no digit of it: it picks one of the family.
  const isPicking = /^[6-9]\d{9}$/.test(query.replace(/[\s-]/g, "")) && !isPlaceholderData;
  const isUnasked = place === null && first < 0;
  const move = (to: number) => setMarked({ patientId: found[to]?.id ?? null });
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (!isPlain(event)) return;
    // One that stands before or replaces what is typed corrects the number.
    const { selectionStart, value } = event.currentTarget;
    const isMore = isPicking && selectionStart === value.length && /^[1-9]$/.test(saidBy(event));
    const picked = isMore ? found[Number(saidBy(event)) - 1] : undefined;
    if (picked) open(picked);
    else if (event.key === "ArrowDown") move(isUnasked ? 0 : Math.min(chosen + 1, choices - 1));
    else if (event.key === "ArrowUp") move(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") choose(event.shiftKey);
    else return;
    event.preventDefault();
  };
  const howMany = answer?.hasMore ? finder.firstFound : finder.found;
  const shown = found[chosen];
  const asked = answer?.query ?? "";
  const nobody = isFilling ? finder.noneYet(asked) : finder.none(asked);
  const onlyOtherwise = otherwise > 0 ? `${nobody} ${finder.onlySpeltOtherwise(otherwise)}` : nobody;

  return (
    <Dialog label={finder.title} onClose={onClose} size="large">
      <div className={classes.query}>
        <IconSearch size={20} stroke={1.8} aria-hidden="true" />
        <input
          ref={input}
          data-testid="finder-input"
          role="combobox"
          aria-label={finder.input}
          aria-expanded={choices > 0}
          aria-controls="finder-list"
          aria-autocomplete="list"
          aria-activedescendant={choices > 0 && chosen >= 0 ? `finder-option-${chosen}` : undefined}
          placeholder={finder.placeholder}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setMarked(null);
          }}
          onKeyDown={onKeyDown}
        />
        <Kbd>Esc</Kbd>
      </div>
      <div className={classes.body}>
        <div className={classes.found}>
          {error && <Problem error={error} />}
          <p className={classes.line} role="status">
            {query === ""
              ? finder.start
              : answer && (found.length > otherwise ? howMany(found.length) : onlyOtherwise)}
          </p>
          <div id="finder-list" role="listbox" aria-label={finder.results} className={classes.list}>
            {found.map((patient, index) => (
              <FinderRow
                // oxlint-disable-next-line react/no-array-index-key -- a row is a place: people are written into it anew
                key={index}
                id={`finder-option-${index}`}
                pick={isPicking && index < 9 ? index + 1 : null}
                patient={patient}
                isChosen={index === chosen}
                onChoose={() => open(patient)}
              />
            ))}
            {answer && (
              // The focus stays in the field: keys are answered there.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                ref={registering}
                id={`finder-option-${found.length}`}
                role="option"
                tabIndex={-1}
                aria-selected={isRegistering}
                data-testid="finder-option"
                className={`${classes.row} ${classes.register}`}
                onMouseDown={(event) => event.preventDefault()}
                onClick={register}
              >
                <IconUserPlus size={18} stroke={1.8} aria-hidden="true" />
                {finder.registerTyped(answer.query)}
              </div>
            )}
          </div>
        </div>
        <aside className={classes.preview}>{shown && <FinderPreview patient={shown} />}</aside>
      </div>
      <KeyBar
        keys={[
          ["↑ ↓", keys.move],
          ["Enter", keys.open],
          ...(shown ? [["Shift Enter", keys.book] satisfies [string, string]] : []),
          ...(isPicking && found.length > 0 ? [["1–9", keys.pick] satisfies [string, string]] : []),
          [keyLabel("register"), keys.register],
          ["Esc", keys.closeThis],
        ]}
      />
    </Dialog>
  );
}
