import { Button, NativeSelect } from "@mantine/core";
import { IconArrowLeft, IconDownload, IconPrinter } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { keyLabel, useKeys } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import { useSession, writeOutside } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Dialog } from "../../shared/Dialog";
import { Pages } from "../../shared/Pages";
import { onPaper, PrintSheet, type Sheet } from "../../shared/PrintSheet";
import { Kbd, KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { useNextPatient } from "../today/useNextPatient";
import { Facts } from "./Facts";
import { Withdraw } from "./Withdraw";
import classes from "./Prescription.module.css";

/** A signed prescription: its number, its pages, and the way to paper. */
export function Prescription({ patientId, prescriptionId }: { patientId: string; prescriptionId: string }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const toast = useToast();
  const { session, unwritten } = useSession();
  const [isLarge, setLarge] = useState(false);
  const [isA4, setA4] = useState(false);
  const printButton = useRef<HTMLButtonElement>(null);
  const sheet = useRef<Sheet>(null);
  const isAllowed = session.mayReadClinical;
  const { prescription: words, common, keys } = messages;
  const summary = useQuery({
    queryKey: queryKeys.prescription(prescriptionId),
    queryFn: () => backend.getPrescription(prescriptionId),
    enabled: isAllowed,
  });
  const pages = useQuery({
    queryKey: queryKeys.pages(prescriptionId, isA4),
    queryFn: () => backend.prescriptionPages(prescriptionId, isA4),
    placeholderData: keepPreviousData,
    // They are large, and drawn anew when somebody comes back.
    gcTime: 0,
    enabled: isAllowed,
  });
  const print = useMutation({
    scope: onPaper,
    mutationFn: async () => {
      if (await sheet.current?.ready()) await backend.printPrescription(prescriptionId);
    },
  });
  // What is on the sheet must be what was asked for, in its size, as it stands now.
  const isPrintable = pages.isSuccess && !pages.isFetching && !pages.isPlaceholderData && !print.isPending;
  // Asked for while the pages are drawn, it is printed as soon as they are.
  const [isAsked, setAsked] = useState(false);
  const startPrint = () => setAsked(!print.isPending && !pages.isError);
  const answer = useEffectEvent(() => {
    setAsked(false);
    if (isPrintable) print.mutate();
  });
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- what was asked for is answered once, when the pages are there
    if (isAsked && (isPrintable || pages.isError)) answer();
  }, [isAsked, isPrintable, pages.isError]);
  const save = useMutation({
    mutationFn: () => backend.savePrescriptionPdf(prescriptionId, isA4),
    onSuccess: (path) => path !== null && toast(words.saved(path)),
  });
  const copy = useMutation({
    mutationFn: () =>
      writeOutside(unwritten, patientId, async () => {
        const draft = await backend.repeatPrescription(patientId, prescriptionId, null);
        await backend.saveDraft(patientId, draft);
      }),
  });
  // Said with the call, it leads nowhere once this screen was left.
  const toPad = () => void navigate({ to: "/patients/$patientId/pad", params: { patientId } });
  const startCopy = () => !copy.isPending && copy.mutate(undefined, { onSuccess: toPad });
  useKeys({
    preview: () => setLarge(true),
    print: startPrint,
    repeat: () => session.mayPrescribe && startCopy(),
    newPrescription: () =>
      session.mayPrescribe && void navigate({ to: "/patients/$patientId/pad", params: { patientId } }),
  });
  // What goes to the printer stands on this screen.
  const { hasNext } = useNextPatient(isAsked || print.isPending);
  const isThere = summary.data !== undefined;
  useEffect(() => {
    if (isThere) printButton.current?.focus();
  }, [isThere]);
  if (!isAllowed) {
    return (
      <div className={classes.screen}>
        <Notice>{common.notClinical}</Notice>
      </div>
    );
  }
  return (
    <>
      <div className={classes.screen} data-testid="prescription">
        {summary.error && <Problem error={summary.error} onRetry={() => void summary.refetch()} />}
        {summary.isPending && <Waiting />}
        {summary.data && (
          <div className={classes.side}>
            <p className={classes.small}>{words.title}</p>
            <h1 data-testid="prescription-number">{summary.data.number ?? words.noNumber}</h1>
            <Facts prescription={summary.data} />
            {print.error && <Problem error={print.error} />}
            {save.error && <Problem error={save.error} />}
            {copy.error && <Problem error={copy.error} />}
            <Button
              ref={printButton}
              size="lg"
              leftSection={<IconPrinter size={18} aria-hidden="true" />}
              onClick={startPrint}
            >
              {words.print}
            </Button>
            <NativeSelect
              label={words.paper}
              value={isA4 ? "a4" : "a5"}
              onChange={(event) => setA4(event.currentTarget.value === "a4")}
              data={[
                { value: "a5", label: "A5" },
                { value: "a4", label: "A4" },
              ]}
            />
            <Button
              variant="default"
              size="md"
              leftSection={<IconDownload size={16} aria-hidden="true" />}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              {words.save}
            </Button>
            <Button
              variant="default"
              size="md"
              onClick={() => setLarge(true)}
              rightSection={<Kbd>{keyLabel("preview")}</Kbd>}
            >
              {words.preview}
            </Button>
            {session.mayPrescribe && (
              <Button
                variant="default"
                size="md"
                loading={copy.isPending}
                onClick={startCopy}
                rightSection={<Kbd>{keyLabel("repeat")}</Kbd>}
              >
                {words.copy}
              </Button>
            )}
            <Withdraw prescription={summary.data} patientId={patientId} />
            <Button
              variant="default"
              size="md"
              leftSection={<IconArrowLeft size={16} aria-hidden="true" />}
              onClick={() => void navigate({ to: "/patients/$patientId", params: { patientId } })}
            >
              {words.backToChart}
            </Button>
          </div>
        )}
        <div className={classes.pages}>
          {pages.error && <Problem error={pages.error} onRetry={() => void pages.refetch()} />}
          {pages.isPending && <Waiting />}
          {pages.data && <Pages svgs={pages.data} label={words.page} testId="prescription-page" />}
        </div>
      </div>
      <KeyBar
        keys={[
          ["Enter", keys.print],
          [keyLabel("preview"), keys.preview],
          ...(hasNext ? [[keyLabel("nextPatient"), keys.nextPatient] satisfies [string, string]] : []),
          [keyLabel("chart"), keys.backToChart],
          [keyLabel("find"), keys.find],
        ]}
      />
      {pages.data && <PrintSheet ref={sheet} svgs={pages.data} paper={isA4 ? "a4" : "a5"} />}
      {isLarge && (
        <Dialog label={words.preview} onClose={() => setLarge(false)} size="page">
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <div className={classes.large} tabIndex={0} role="group" aria-label={words.preview}>
            {pages.data && <Pages svgs={pages.data} label={words.page} testId="prescription-page-large" />}
          </div>
          <div className={classes.largeFoot}>
            {print.error && <Problem error={print.error} />}
            <Button
              leftSection={<IconPrinter size={16} aria-hidden="true" />}
              rightSection={<Kbd>{keyLabel("print")}</Kbd>}
              onClick={startPrint}
            >
              {words.print}
            </Button>
            <Button variant="default" onClick={() => setLarge(false)}>
              {common.close} <Kbd>Esc</Kbd>
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
