import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queryKeys } from "../../app/queries";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Parts, Problem } from "../../shared/parts";
import classes from "./Files.module.css";
import { Place, SendAgain } from "./Place";
import { useSendAgain } from "./actions";

/** The files that are on this computer alone, with what keeps them here. Nothing, if there are none. */
export function UnsentFiles() {
  const backend = useBackend();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.unsentFiles,
    queryFn: () => backend.listUnsentAttachments(),
  });
  const { files: words } = messages;
  if (!error && (data === undefined || data.length === 0)) return null;
  return (
    <section className={classes.card} aria-labelledby="unsent-title" data-testid="unsent-files">
      <header className={classes.head}>
        <h2 id="unsent-title">{words.unsentTitle}</h2>
      </header>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      <ul>
        {data?.map((file) => (
          <Unsent key={file.id} file={file} />
        ))}
      </ul>
    </section>
  );
}

function Unsent({ file }: { file: AttachmentView }) {
  const again = useSendAgain(file);
  const { files: words } = messages;
  return (
    <li className={classes.unsent} data-testid="unsent-file">
      <Link to="/patients/$patientId" params={{ patientId: file.patientId }}>
        {file.patientName}
      </Link>
      <p className={classes.facts}>
        <Parts parts={[file.fileName, words.size(file.bytes)]} />
      </p>
      <Place file={file} />
      {again.error && <Problem error={again.error} />}
      <SendAgain file={file} again={again} />
    </li>
  );
}
