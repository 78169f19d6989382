import { Button } from "@mantine/core";
import { IconDental, IconPencil, IconPrescription, IconTicket } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useLayoutEffect, useRef } from "react";
import { keyLabel } from "../../app/keymap";
import type { Chart } from "../../ipc/bindings/Chart";
import { messages } from "../../messages";
import { Kbd } from "../../shared/parts";
import classes from "./Chart.module.css";

interface Props {
  chart: Chart;
  mayWrite: boolean;
  onBook: () => void;
}

export function ChartActions({ chart, mayWrite, onBook }: Props) {
  const navigate = useNavigate();
  const start = useRef<HTMLButtonElement>(null);
  const { chart: words } = messages;
  const params = { patientId: chart.patient.id };
  // Opening a screen puts the focus where work starts.
  useLayoutEffect(() => start.current?.focus({ preventScroll: true }), []);
  return (
    <div className={classes.actions}>
      {chart.hasDraft && mayWrite && <span className={classes.draft}>{words.draftWaits}</span>}
      <Button
        variant="default"
        leftSection={<IconPencil size={16} aria-hidden="true" />}
        onClick={() => void navigate({ to: "/patients/$patientId/correct", params })}
      >
        {words.correct}
      </Button>
      <Button
        {...(mayWrite ? { variant: "default" } : { ref: start })}
        leftSection={<IconTicket size={18} aria-hidden="true" />}
        rightSection={<Kbd>{keyLabel("book")}</Kbd>}
        onClick={onBook}
      >
        {messages.day.tokenOrBooking}
      </Button>
      {mayWrite && (
        <Button
          variant="default"
          leftSection={<IconDental size={18} aria-hidden="true" />}
          rightSection={<Kbd>{keyLabel("dental")}</Kbd>}
          onClick={() => void navigate({ to: "/patients/$patientId/dental", params })}
        >
          {words.teeth}
        </Button>
      )}
      {mayWrite && (
        <Button
          ref={start}
          leftSection={<IconPrescription size={18} aria-hidden="true" />}
          rightSection={<Kbd>{keyLabel("newPrescription")}</Kbd>}
          onClick={() => void navigate({ to: "/patients/$patientId/pad", params })}
        >
          {chart.hasDraft ? words.continueDraft : words.newPrescription}
        </Button>
      )}
    </div>
  );
}
