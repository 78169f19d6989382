import { IconAlertTriangle, IconCheck, IconHandStop } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import type { ShortKeyForm } from "../../ipc/bindings/ShortKeyForm";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import classes from "./ShortKeys.module.css";

/** How the lines of a key read, and whom they would harm, as they are typed. */
export function KeyPreview({ form }: { form: ShortKeyForm }) {
  const backend = useBackend();
  const { shortKeys: words } = messages;
  const hasLines = !form.isPhrase && form.lines.trim() !== "";
  const test = useQuery({
    queryKey: queryKeys.shortKeyTest(JSON.stringify(form)),
    queryFn: () => backend.testShortKey(form),
    enabled: hasLines,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  if (form.isPhrase) return <aside className={classes.preview} aria-label={words.preview} />;
  // Lines that were taken away are tried on nobody.
  const data = hasLines ? test.data : undefined;
  return (
    <aside className={classes.preview} aria-label={words.preview}>
      <h2>{words.preview}</h2>
      {test.error && <Problem error={test.error} onRetry={() => void test.refetch()} />}
      {!data && <p>{words.previewEmpty}</p>}
      <ol>
        {data?.lines.map((line, place) => (
          <li key={`${place} ${line.title}`} data-testid="key-line">
            <strong>{line.title}</strong>
            <span
              lang={langOf(line.directions)}
              className={line.doseText === "" ? classes.unread : undefined}
            >
              {line.directions}
            </span>
          </li>
        ))}
      </ol>
      {data && data.lines.length > 0 && (
        <>
          <h2>{words.test}</h2>
          <div role="status">
            {data.notChecked.map((name) => (
              <p key={name} className={classes.unread}>
                {name}: {messages.pad.notChecked}
              </p>
            ))}
            {data.findings.length === 0 && data.isReadable && data.notChecked.length === 0 && (
              <p className={classes.fine}>
                <IconCheck size={16} stroke={2} aria-hidden="true" /> {words.harmless(data.lines.length)}
              </p>
            )}
          </div>
          {/* Whom it would harm is told as soon as it would. */}
          <ul aria-live="polite">
            {data.findings.map((finding) => (
              <li key={`${finding.who} ${finding.why}`} data-testid="key-finding">
                {finding.isHeld ? (
                  <IconHandStop size={15} stroke={2} aria-hidden="true" />
                ) : (
                  <IconAlertTriangle size={15} stroke={2} aria-hidden="true" />
                )}
                <span>
                  <strong lang={langOf(finding.who)}>{finding.who}</strong>{" "}
                  <span lang={langOf(finding.why)}>{finding.why}</span>{" "}
                  {finding.isHeld && <em>{words.held}</em>}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}
