import { useQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { chartOf, queryKeys } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Chart } from "../../ipc/bindings/Chart";
import type { DentalChart } from "../../ipc/bindings/DentalChart";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { AllergyBar, PatientStrip } from "../chart/PatientStrip";
import { ConflictBanner } from "../review/ConflictBanner";
import classes from "./Dental.module.css";
import { DentalLine } from "./DentalLine";
import { DentalSide } from "./DentalSide";
import { Legend } from "./Legend";
import { Odontogram } from "./Odontogram";
import { isPrimary, rowsOf, type Which } from "./teeth";
import { useDentalLine } from "./useDentalLine";

/** The teeth of a patient: what was seen, what is planned, and the line in which both are written. */
export function DentalScreen({ patientId }: { patientId: string }) {
  const backend = useBackend();
  const { session, setOpenPatient } = useSession();
  const chart = useQuery(chartOf(backend, patientId));
  const teeth = useQuery({
    queryKey: queryKeys.dental(patientId),
    queryFn: () => backend.getDental(patientId),
    enabled: session.mayReadClinical,
    staleTime: Infinity,
  });
  const isThere = chart.data !== undefined;
  useEffect(() => {
    if (isThere) setOpenPatient(patientId);
  }, [isThere, patientId, setOpenPatient]);
  const error = chart.error ?? teeth.error;
  const problem = error && (
    <Problem
      error={error}
      onRetry={() => {
        void chart.refetch();
        void teeth.refetch();
      }}
    />
  );
  if (!session.mayReadClinical)
    return (
      <div className={classes.aside}>
        <Notice>{messages.common.notClinical}</Notice>
      </div>
    );
  if (!chart.data || !teeth.data)
    return problem ? <div className={classes.aside}>{problem}</div> : <Waiting rows={6} />;
  // What is typed stays, also when the teeth cannot be read anew.
  return <DentalEditor chart={chart.data} teeth={teeth.data} problem={problem} />;
}

interface Props {
  chart: Chart;
  teeth: DentalChart;
  problem: React.ReactNode;
}

function DentalEditor({ chart, teeth, problem }: Props) {
  const { dental, keys } = messages;
  const input = useRef<HTMLInputElement>(null);
  const line = useDentalLine(chart.patient.id, input);
  const [chosen, setChosen] = useState<number | null>(null);
  const [picked, setPicked] = useState<Which | null>(null);
  const typedTooth = line.read?.site?.tooth ?? null;
  const [typedBefore, setTypedBefore] = useState<number | null>(null);
  if (line.isReadNow && typedTooth !== typedBefore) {
    setTypedBefore(typedTooth);
    if (typedTooth !== null) setChosen(typedTooth);
  }
  // With the first drawing: letters that come right behind it go nowhere else.
  useLayoutEffect(() => input.current?.focus(), []);
  const setText = (text: string) => {
    // Whoever goes on in the line is about its tooth again.
    setTypedBefore(null);
    line.setText(text);
  };
  useKeys({ dentalLine: teeth.mayChart ? line.focusEnd : undefined });
  const wanted = picked ?? (teeth.showsPrimary ? "both" : "adult");
  // A tooth that is typed is always in sight.
  const isHidden = chosen !== null && wanted !== "both" && isPrimary(chosen) !== (wanted === "primary");
  const which = isHidden ? "both" : wanted;
  const pick = (next: Which) => {
    setPicked(next);
    const isThere = rowsOf(next)
      .flat()
      .some(({ tooth }) => tooth === chosen);
    if (!isThere) setChosen(null);
  };
  const isEmpty = teeth.findings.length === 0 && teeth.procedures.length === 0;
  return (
    <>
      <div className={classes.screen} data-testid="dental">
        <PatientStrip chart={chart} />
        <AllergyBar chart={chart} />
        <ConflictBanner conflicts={chart.conflicts} />
        <div className={classes.columns}>
          <section className={classes.teeth} aria-label={dental.title}>
            <div className={classes.tools}>
              <Pick which={which} onPick={pick} />
              <span>{dental.view}</span>
            </div>
            {isEmpty && (
              <p className={classes.empty}>
                {teeth.mayChart ? dental.empty(dental.example) : dental.emptyRead}
              </p>
            )}
            <Odontogram
              chart={teeth}
              which={which}
              chosen={chosen}
              marked={chosen !== null && typedTooth === chosen ? (line.read?.surfaces ?? "") : ""}
              onChoose={setChosen}
              onMark={line.mark}
              onType={line.type}
              onLeave={line.focusEnd}
            />
            <Legend />
          </section>
          <div className={classes.side}>
            {problem}
            {teeth.mayChart ? (
              <DentalLine line={{ ...line, setText }} input={input} />
            ) : (
              <Notice>{dental.mayNot}</Notice>
            )}
            <DentalSide teeth={teeth} chosen={chosen} onChoose={setChosen} />
          </div>
        </div>
      </div>
      <KeyBar
        keys={[
          ["← → ↑ ↓", dental.keys.teeth],
          ...(teeth.mayChart
            ? ([
                ["Tab", dental.keys.surfaces],
                ["Space", dental.keys.mark],
                ["Enter", dental.keys.add],
                [keyLabel("dentalLine"), keys.dentalLine],
              ] satisfies [string, string][])
            : []),
          [keyLabel("chart"), keys.chart],
          [keyLabel("pad"), keys.pad],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}

const all: Which[] = ["adult", "primary", "both"];

function Pick({ which, onPick }: { which: Which; onPick: (which: Which) => void }) {
  const { dental } = messages;
  return (
    <div role="radiogroup" aria-label={dental.shown} className={classes.pick}>
      {all.map((one) => (
        <label key={one}>
          <input type="radio" name="teeth-shown" checked={one === which} onChange={() => onPick(one)} />
          {dental.which[one]}
        </label>
      ))}
    </div>
  );
}
