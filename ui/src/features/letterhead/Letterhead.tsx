import { Button, NativeSelect, TextInput, Textarea } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { keyLabel } from "../../app/keymap";
import { queryKeys, refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import type { Letterhead as LetterheadForm } from "../../ipc/bindings/Letterhead";
import { useBackend } from "../../ipc/context";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { Pages } from "../../shared/Pages";
import { KeyBar, Notice, Problem, Waiting } from "../../shared/parts";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import classes from "./Letterhead.module.css";
import { Picture } from "./Picture";

/** What stands at the head and the foot of every paper of this clinic. */
export function Letterhead() {
  const backend = useBackend();
  const { session } = useSession();
  const isAdmin = session.person.roles.includes("admin");
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: queryKeys.letterhead,
    queryFn: () => backend.getLetterhead(),
    enabled: isAdmin,
  });
  // What came from elsewhere while the form stands open is not what this person saw; what came before it is.
  const [seen, setSeen] = useState<LetterheadForm>();
  if (data && !seen && !isFetching) setSeen(data);
  const { letterhead: words } = messages;
  if (!isAdmin || (error && !seen)) {
    return (
      <div className={classes.screen}>
        {error ? <Problem error={error} onRetry={() => void refetch()} /> : <Notice>{words.mayNot}</Notice>}
      </div>
    );
  }
  if (!seen) return <Waiting />;
  return <Editor seen={seen} onSaved={setSeen} hasLogo={data?.hasLogo ?? seen.hasLogo} />;
}

/** Millimetres as they are typed; none for blank paper, undefined for what is no such number. */
function readRoom(isPreprinted: boolean, typed: string): number | null | undefined {
  if (!isPreprinted) return null;
  const room = Number(typed);
  return Number.isInteger(room) && room >= 10 && room <= 80 ? room : undefined;
}

interface Props {
  seen: LetterheadForm;
  onSaved: (form: LetterheadForm) => void;
  hasLogo: boolean;
}

function Editor({ seen, onSaved, hasLogo }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const { letterhead: words, keys } = messages;
  const [form, setForm] = useState(seen);
  const [isPreprinted, setPreprinted] = useState(seen.preprintedMm !== null);
  const [room, setRoom] = useState(String(seen.preprintedMm ?? 35));
  const roomField = useRef<HTMLInputElement>(null);
  const preprintedMm = readRoom(isPreprinted, room);
  const wanted = { ...form, preprintedMm: preprintedMm ?? null };
  const preview = useQuery({
    queryKey: queryKeys.letterheadPreview(wanted),
    queryFn: () => backend.previewLetterhead(wanted),
    enabled: preprintedMm !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const boxes = preview.data?.[1];
  const save = useMutation({
    mutationFn: (sent: LetterheadForm) => backend.saveLetterhead(seen, sent),
    onSuccess: (_, sent) => {
      // What was typed meanwhile is not in it.
      onSaved(sent);
      toast(words.saved);
      void refreshRows(client);
    },
  });
  const isTyped = preprintedMm === undefined || JSON.stringify(wanted) !== JSON.stringify(seen);
  useUnsaved(isTyped, save.isPending);
  const text = (
    name: Exclude<keyof LetterheadForm, "preprintedMm" | "hasLogo">,
    label: string,
    maxLength: number,
  ) => ({
    label,
    maxLength,
    size: "md",
    autoComplete: "off",
    value: form[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      setForm({ ...form, [name]: event.currentTarget.value }),
  });
  return (
    <>
      <div className={classes.screen} data-testid="letterhead">
        <form
          className={classes.form}
          aria-label={words.title}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            // Where something must be put right, one goes on typing, and hears what.
            if (preprintedMm === undefined) roomField.current?.focus();
            else if (!save.isPending) save.mutate(wanted);
          }}
        >
          <h1>{words.title}</h1>
          <p>{words.lead}</p>
          <TextInput {...text("clinicName", words.clinicName, 200)} autoFocus />
          <Textarea {...text("line", words.line, 300)} description={words.lineHint} rows={2} />
          <Picture isThere={hasLogo} />
          <TextInput {...text("address", words.address, 500)} />
          <div className={classes.two}>
            <TextInput {...text("city", words.city, 100)} />
            <TextInput {...text("pincode", words.pincode, 6)} inputMode="numeric" />
          </div>
          <div className={classes.two}>
            <TextInput {...text("phone", words.phone, 20)} />
            <TextInput {...text("email", words.email, 254)} />
          </div>
          <TextInput {...text("registrationNumber", words.registrationNumber, 60)} />
          <TextInput {...text("foot", words.foot, 300)} />
          <div className={classes.two}>
            <NativeSelect
              label={words.paper}
              size="md"
              value={isPreprinted ? "preprinted" : "blank"}
              data={[
                { value: "blank", label: words.blank },
                { value: "preprinted", label: words.preprinted },
              ]}
              onChange={(event) => setPreprinted(event.currentTarget.value === "preprinted")}
            />
            {isPreprinted && (
              <TextInput
                ref={roomField}
                label={words.room}
                size="md"
                inputMode="numeric"
                value={room}
                error={preprintedMm === undefined ? words.roomNotUnderstood : undefined}
                onChange={(event) => setRoom(event.currentTarget.value)}
              />
            )}
          </div>
          <div role="status" className={classes.boxes}>
            {boxes && (
              <p className={classes.warning} lang={langOf(boxes)}>
                {boxes}
              </p>
            )}
          </div>
          {save.error && <Problem error={save.error} />}
          <div>
            <Button type="submit" size="md" loading={save.isPending}>
              {words.save}
            </Button>
          </div>
        </form>
        <section className={classes.preview} aria-labelledby="letterhead-preview">
          <h2 id="letterhead-preview">{words.preview}</h2>
          {preview.error && <Problem error={preview.error} />}
          {preview.data && (
            <Pages svgs={preview.data[0]} label={words.previewPage} testId="letterhead-page" />
          )}
        </section>
      </div>
      <KeyBar
        keys={[
          ["Enter", keys.save],
          [keyLabel("find"), keys.find],
          [keyLabel("today"), keys.today],
          [keyLabel("keys"), keys.keys],
        ]}
      />
    </>
  );
}
