import type { Backend, DroppedFiles } from "./backend";
import type { AttachmentForm } from "./bindings/AttachmentForm";
import type { AttachmentView } from "./bindings/AttachmentView";
import type { CommandError } from "./bindings/CommandError";
import type { Answer } from "./fake-data";

/** A file that a person chooses in a dialog of the system, or drops onto the window. */
export interface ChosenFile {
  name: string;
  mime: string;
  bytes: number;
}

type Commands = Pick<
  Backend,
  | "listAttachments"
  | "listUnsentAttachments"
  | "addAttachment"
  | "addDropped"
  | "smallPicture"
  | "countPages"
  | "drawPage"
  | "openAttachment"
  | "saveAttachment"
  | "removeAttachment"
  | "sendAttachmentAgain"
>;

interface Around {
  isPrescriber: () => boolean;
  /** Files were added, removed or sent: so many wait now. */
  changed: (waiting: number) => void;
}

const example: AttachmentView = {
  id: "f0",
  patientId: "p1",
  patientName: "Sunita Deshmukh",
  kind: "xray",
  fileName: "opg.jpg",
  mime: "image/jpeg",
  bytes: 482_133,
  description: null,
  teeth: [],
  addedAt: "2026-11-02T05:12:00Z",
  place: "here",
  refusal: null,
  isPicture: true,
  mayRemove: true,
};

const bytes = () => new TextEncoder().encode("bytes").buffer;

/** The files of patients, and what dialogs of the system would give. */
export function fakeFiles(answer: Answer, { isPrescriber, changed }: Around) {
  const held: AttachmentView[] = [];
  let next: ChosenFile | null = { name: "opg.jpg", mime: "image/jpeg", bytes: 482_133 };
  const drops = new Map<number, ChosenFile[]>();
  const tell = () => changed(held.filter((file) => file.place === "waiting").length);
  const find = (id: string) => {
    const found = held.find((file) => file.id === id);
    if (!found) throw { code: "not_found", detail: "This is not on this computer." } satisfies CommandError;
    return found;
  };
  const open = (id: string) => {
    const file = find(id);
    if (file.place === "elsewhere")
      throw {
        code: "file_not_here",
        detail: "The computer at which this file was added has not sent it yet.",
      } satisfies CommandError;
    if (file.place === "on_server") file.place = "here";
    return file;
  };
  const hold = (patientId: string, file: Partial<AttachmentView>) => {
    held.unshift({ ...example, id: `f${held.length + 1}`, patientId, ...file });
  };
  const add = (patientId: string, form: AttachmentForm, { name, mime, bytes }: ChosenFile) => {
    const added: AttachmentView = {
      ...example,
      id: `f${held.length + 1}`,
      patientId,
      kind: form.kind,
      description: form.description || null,
      teeth: form.teeth.split(/[ ,]+/).filter(Boolean).map(Number),
      fileName: name,
      mime,
      bytes,
      isPicture: mime.startsWith("image/"),
      place: "waiting",
      addedAt: new Date().toISOString(),
    };
    held.unshift(added);
    tell();
    return added;
  };
  const commands: Commands = {
    listAttachments: (patientId) =>
      answer("listAttachments", () =>
        held
          .filter((file) => file.patientId === patientId)
          .map((file) => ({ ...file, mayRemove: isPrescriber() })),
      ),
    listUnsentAttachments: () =>
      answer("listUnsentAttachments", () =>
        held
          .filter((file) => ["waiting", "refused", "lost"].includes(file.place))
          .map((file) => ({ ...file })),
      ),
    addAttachment: (patientId, form) =>
      answer("addAttachment", () => (next === null ? null : add(patientId, form, next))),
    addDropped: (patientId, token, place, form) =>
      answer("addDropped", () => {
        const file = drops.get(token)?.[place];
        if (!file || file.bytes === 0)
          throw {
            code: "invalid",
            detail: "This file is empty. Nothing was added.",
          } satisfies CommandError;
        return add(patientId, form, file);
      }),
    smallPicture: () => answer("smallPicture", bytes),
    countPages: (id) =>
      answer("countPages", () => {
        open(id);
        return 5;
      }),
    drawPage: () => answer("drawPage", bytes),
    openAttachment: (id) =>
      answer("openAttachment", () => {
        open(id);
        return bytes();
      }),
    saveAttachment: (id) => answer("saveAttachment", () => `/home/anjali/${open(id).fileName}`),
    removeAttachment: (id) =>
      answer("removeAttachment", () => {
        held.splice(held.indexOf(find(id)), 1);
        tell();
      }),
    sendAttachmentAgain: (id) =>
      answer("sendAttachmentAgain", () => {
        const file = find(id);
        file.place = "waiting";
        file.refusal = null;
        tell();
      }),
  };
  return {
    commands,
    hold,
    drop: (files: ChosenFile[]): DroppedFiles => {
      const token = drops.size + 1;
      drops.set(token, files);
      return { token, names: files.map((file) => file.name) };
    },
    choose: (file: ChosenFile | null) => {
      next = file;
    },
  };
}
