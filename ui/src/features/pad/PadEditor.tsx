import { Button } from "@mantine/core";
import { IconHandStop, IconPrescription } from "@tabler/icons-react";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { keyLabel, useKeys } from "../../app/keymap";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import type { Draft } from "../../ipc/bindings/Draft";
import type { DraftItem } from "../../ipc/bindings/DraftItem";
import type { Kept } from "../../ipc/bindings/Kept";
import type { Pad } from "../../ipc/bindings/Pad";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Kbd, KeyBar, Problem } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { AllergyDialog } from "../chart/AllergyDialog";
import { AllergyBar, PatientStrip } from "../chart/PatientStrip";
import { PreparedNotes } from "../prepared/PreparedNotes";
import { ConflictBanner } from "../review/ConflictBanner";
import { Before } from "./Before";
import { DraftNote } from "./DraftNote";
import { Diagnoses } from "./Diagnoses";
import { withAdded, withAnswer } from "./answer";
import { Amends, Closing, Story } from "./Fields";
import { GapsOfAll } from "./Findings";
import findings from "./Findings.module.css";
import { Items } from "./Items";
import { LineInput } from "./LineInput";
import classes from "./Pad.module.css";
import { PadSide } from "./PadSide";
import { useDraft } from "./useDraft";
import { asLine, toItem, typedSince, useLine } from "./useLine";
import { usePhrases } from "./usePhrases";
import { useSafety } from "./useSafety";
import { useShortKeys } from "./useShortKeys";
import { Vitals } from "./Vitals";

/** `12 d`, `11 mo`, `3 y`: whose head is measured. */
const isSmallChild = (age: string) => /(d|mo)$|^[0-4] y/.test(age);

const focusOn = (id: string) => document.getElementById(id)?.focus();

interface Props {
  chart: Chart;
  pad: Pad;
  /** What is amiss with the chart, to be told beside the draft. */
  problem: ReactNode;
}

/** By what a line that is being asked about is known: its place changes when others are moved. */
const keyOf = (item: DraftItem) => `${item.medicineText} ${item.doseText}`;

const withoutReason = (reasons: Kept[], item: DraftItem) => reasons.filter((one) => one.key !== keyOf(item));

/** The prescription pad. The hands stay in the typed line. */
export function PadEditor({ chart, pad, problem }: Props) {
  const state = useDraft(chart.patient.id, pad);
  const { draft, change } = state;
  const { session } = useSession();
  const toast = useToast();
  const backend = useBackend();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [isLarge, setLarge] = useState(false);
  const [isNoting, setNoting] = useState(false);
  const { pad: words, keys } = messages;
  const line = useLine({
    initial: pad.draft,
    onText: (text, was) => change({ line: text, lineWas: was }),
    onAccept: (item) => change((before) => ({ items: [...before.items, item], line: "", lineWas: null })),
    selectAll: () => input.current?.select(),
  });
  const typed: DraftItem | null = line.meant && line.read ? toItem(line.meant, line.doseText, null) : null;
  const safety = useSafety(chart.patient.id, draft, typed);
  const focusLine = () => input.current?.focus();
  // With the first drawing: letters that come right behind it go nowhere else.
  useLayoutEffect(() => input.current?.focus(), []);
  const goTo = (step: () => Draft | null) => {
    const now = step();
    if (now) line.showLine(now.line, now.lineWas);
  };
  // A step may take away what held the focus.
  const holdFocus = () => {
    if (document.activeElement === document.body) input.current?.focus();
  };
  useEffect(holdFocus, [state.revision]);
  const shortKeys = useShortKeys(chart.patient.id, line.chosen ? "" : line.text);
  const phrases = usePhrases();
  const expand = async (key: string) => {
    const taken = state.current().line;
    try {
      const own = { ...state.current(), line: "", lineWas: null };
      const answer = await backend.expandShortKey(chart.patient.id, key, own);
      const rest = typedSince(taken, state.current().line);
      // The next letter is one of what stands there now, however soon it comes.
      flushSync(() => {
        change((now) => ({ ...withAdded(now, own, answer), line: rest, lineWas: null }), true);
        line.showLine(rest);
      });
      focusLine();
    } catch (error) {
      line.stop(problemOf(error));
    }
  };
  const repeat = async () => {
    await state.flush();
    try {
      const sent = state.current();
      const repeated = await backend.repeatPrescription(chart.patient.id, null, sent);
      change((now) => withAnswer(now, sent, repeated), true);
      focusLine();
    } catch (error) {
      toast(problemOf(error));
    }
  };
  const writeAsNew = () => {
    change({ amends: null, amendReason: "" }, true);
    focusLine();
  };
  const isOffered = chart.prepared.some((one) => !draft.takenUp.includes(one.id));
  const takePrepared = async () => {
    await state.flush();
    try {
      const sent = state.current();
      const filled = await backend.takeUpPrepared(chart.patient.id, sent);
      state.replace(withAnswer(state.current(), sent, filled));
      focusLine();
    } catch (error) {
      toast(problemOf(error));
    }
  };
  useKeys({
    takePrepared: () => void takePrepared(),
    preview: () => setLarge(true),
    allergy: () => setNoting(true),
    repeat: () => void repeat(),
    diagnosis: () => focusOn("pad-diagnosis"),
    vitals: () => focusOn("pad-bpSys"),
    comeBack: () => focusOn("pad-come-back"),
    tests: () => focusOn("pad-tests"),
    advice: () => focusOn("pad-advice"),
    medicineLine: focusLine,
    undo: () => goTo(state.undo),
    redo: () => goTo(state.redo),
  });

  const isUnfinished = line.text.trim() !== "" || line.chosen !== null;
  const setItems = (items: DraftItem[]) => change({ items });
  const reasonOf = (item: DraftItem) => draft.reasons.find((one) => one.key === keyOf(item))?.reason ?? "";
  const typeReason = (item: DraftItem, reason: string) =>
    change((now) => ({
      reasons: [
        ...withoutReason(now.reasons, item),
        ...(reason === "" ? [] : [{ key: keyOf(item), reason }]),
      ],
    }));
  const remove = (place: number) => {
    const item = draft.items[place];
    if (!item) return;
    change({
      items: draft.items.filter((_, other) => other !== place),
      reasons: withoutReason(draft.reasons, item),
    });
    toast(words.removed(item.medicineText), () => {
      if (state.isLeft()) {
        toast(words.padLeft);
        return false;
      }
      change((now) => ({ items: [...now.items.slice(0, place), item, ...now.items.slice(place)] }));
      return true;
    });
  };
  const edit = (place: number) => {
    const item = draft.items[place];
    if (!item) return;
    focusLine();
    // What stands half typed is finished first: another line would overwrite it.
    if (isUnfinished) {
      toast(words.finishFirst);
      return;
    }
    // One step: going back brings the item again.
    const taken = asLine(item.medicineText, item.doseText);
    change({
      items: draft.items.filter((_, other) => other !== place),
      reasons: withoutReason(draft.reasons, item),
      line: taken,
      lineWas: item,
    });
    line.showLine(taken, item);
  };
  const move = (place: number, step: number) => {
    const moved = draft.items[place];
    const to = place + step;
    if (!moved || to < 0 || to >= draft.items.length) return;
    const rest = draft.items.filter((_, other) => other !== place);
    setItems([...rest.slice(0, to), moved, ...rest.slice(to)]);
  };
  const keep = (place: number, reason: string) => {
    const item = draft.items[place];
    if (!item) return;
    const found = safety.of(item)?.findings ?? [];
    const kept = found
      .filter((finding) => finding.severity === "hold" && finding.reason === null)
      .map((finding) => ({ key: finding.key, reason }));
    change({
      items: draft.items.map((one, other) =>
        other === place ? { ...one, kept: [...one.kept, ...kept] } : one,
      ),
      reasons: withoutReason(draft.reasons, item),
    });
  };
  const markSubstitution = (place: number) =>
    change((now) => ({
      items: now.items.map((one, other) =>
        other === place ? { ...one, noSubstitution: !one.noSubstitution } : one,
      ),
    }));
  const last = draft.items.length - 1;
  const nHeld = safety.heldPlaces.length;

  return (
    <>
      <div className={classes.screen} data-testid="pad">
        <PatientStrip chart={chart}>
          <DraftNote state={state} patientId={chart.patient.id} />
        </PatientStrip>
        <AllergyBar
          chart={chart}
          onNote={() => {
            // The button goes with what is noted, and the dialog gives the focus back.
            focusLine();
            setNoting(true);
          }}
        />
        <ConflictBanner conflicts={chart.conflicts} />
        <PreparedNotes prepared={chart.prepared} takenUp={draft.takenUp}>
          {isOffered && (
            <Button
              variant="default"
              size="xs"
              data-testid="prepared-take"
              onClick={() => void takePrepared()}
            >
              {messages.prepared.take} <Kbd>{keyLabel("takePrepared")}</Kbd>
            </Button>
          )}
        </PreparedNotes>
        <div className={classes.columns}>
          <Before chart={chart} difference={state.difference} onRepeat={() => void repeat()} />
          <div className={classes.work}>
            <div className={classes.upper}>
              {problem}
              {safety.broken !== null && (
                <p className={findings.broken} role="alert" data-testid="pad-unchecked">
                  <IconHandStop size={18} stroke={2} aria-hidden="true" />
                  <span lang={langOf(safety.broken)}>{safety.broken}</span>
                </p>
              )}
              {safety.error && <Problem error={safety.error} onRetry={() => void safety.refetch()} />}
              {state.error !== null && <Problem error={state.error} onRetry={() => void state.flush()} />}
              {draft.amends !== null && <Amends state={state} original={draft.amends} onNew={writeAsNew} />}
              <Story state={state} onPhrase={phrases} />
              <Vitals state={state} isChild={isSmallChild(chart.patient.age)} />
              <Diagnoses state={state} />
              <section className={classes.card} aria-labelledby="pad-medicines">
                <h2 id="pad-medicines" className={classes.medicines}>
                  <IconPrescription size={18} stroke={2} aria-hidden="true" />
                  {words.medicines}
                  <span>{draft.items.length}</span>
                  {/* Also what is held by an allergy that arrives is told. */}
                  <b
                    role="status"
                    {...(nHeld > 0 ? { className: findings.count, "data-testid": "pad-held" } : {})}
                  >
                    {nHeld > 0 && (
                      <>
                        <IconHandStop size={14} stroke={2} aria-hidden="true" />
                        {words.heldCount(nHeld)}
                      </>
                    )}
                  </b>
                </h2>
                <GapsOfAll gaps={safety.gaps} />
                <Items
                  list={list}
                  items={draft.items}
                  views={state.items}
                  safety={safety}
                  difference={state.difference}
                  mayKeep={session.mayPrescribe}
                  reasonOf={reasonOf}
                  onReason={typeReason}
                  onKeep={keep}
                  onRemove={remove}
                  onEdit={edit}
                  onMove={move}
                  onSubstitution={markSubstitution}
                  onLeave={focusLine}
                />
                <LineInput
                  line={line}
                  input={input}
                  safety={safety.typed}
                  keys={shortKeys}
                  onExpand={(key) => void expand(key)}
                  onPhrase={phrases}
                  number={draft.items.length + 1}
                  onUp={() => {
                    const rows = list.current?.querySelectorAll("li");
                    rows?.item(rows.length - 1)?.focus();
                  }}
                  onRemoveLast={() => remove(last)}
                  onEditLast={() => edit(last)}
                />
              </section>
            </div>
            <Closing state={state} onPhrase={phrases} />
          </div>
          <PadSide
            patientId={chart.patient.id}
            state={state}
            safety={safety}
            isLarge={isLarge}
            onLarge={setLarge}
            unfinished={isUnfinished}
            onUnfinished={focusLine}
          />
        </div>
      </div>
      {isNoting && (
        <AllergyDialog
          patientId={chart.patient.id}
          allergy={null}
          onClose={() => {
            flushSync(() => setNoting(false));
            holdFocus();
          }}
        />
      )}
      <KeyBar
        keys={[
          ["/key Tab", keys.expand],
          ["↑ ↓", keys.suggestion],
          ["Enter", keys.accept],
          [keyLabel("editLine"), keys.editLine],
          ["Alt ↑ ↓", keys.moveLine],
          [keyLabel("repeat"), keys.repeat],
          [keyLabel("undo"), keys.undo],
          [keyLabel("preview"), keys.preview],
          [keyLabel("sign"), session.mayPrescribe ? keys.sign : keys.give],
        ]}
      />
    </>
  );
}
