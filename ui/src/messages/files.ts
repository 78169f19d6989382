import type { FilePlace } from "../ipc/bindings/FilePlace";

const number = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 1 });
const count = (files: number) => (files === 1 ? "1 file" : `${files} files`);

const kinds: [string, string][] = [
  ["xray", "X-ray"],
  ["photo", "Photo"],
  ["document", "Document"],
  ["scan", "Scan"],
  ["consent", "Consent"],
];

const places: Record<FilePlace, string> = {
  waiting: "here, waiting to be sent",
  refused: "here, refused by the server",
  here: "here and on the server",
  on_server: "on the server, fetched when opened",
  elsewhere: "on another computer, not sent yet",
  lost: "missing on this computer, never sent",
};

/** The words of attached files. */
export const files = {
  title: "Files",
  none: "No file yet.",
  noneHint: "Add X-rays, photos and letters with",
  add: "Add a file",
  kinds,
  kindOf: (kind: string) => kinds.find(([known]) => known === kind)?.[1] ?? kind,
  places,
  size: (bytes: number) =>
    bytes < 1_000_000
      ? `${number.format(Math.max(1, Math.round(bytes / 1000)))} kB`
      : `${number.format(bytes / 1_000_000)} MB`,
  teethOf: (count: number, teeth: string) => `${count === 1 ? "tooth" : "teeth"} ${teeth}`,
  open: "Open",
  openFile: (name: string) => `Open ${name}`,
  save: "Save a copy",
  saveFile: (name: string) => `Save a copy of ${name}`,
  saved: (path: string) => `Saved as ${path}. Outside Clinic Desk it is not encrypted.`,
  remove: "Remove",
  removeFile: (name: string) => `Remove ${name}`,
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText:
    "It is removed from the record on every computer. Its contents stay on the server, by law and in case of mistakes.",
  removed: (name: string) => `${name} was removed from the record.`,
  again: "Send again",
  againFile: (name: string) => `Send ${name} again`,
  addTitle: "Add a file",
  addText:
    "A picture (JPEG, PNG, WebP), PDF or DICOM file of at most 100 MB. It is kept encrypted on this computer and goes to the server by itself.",
  kind: "What it is",
  description: "Description",
  teeth: "Teeth",
  teethHint: "FDI numbers, such as 16 17",
  choose: "Choose the file…",
  added: (name: string) => `${name} is saved on this computer and goes to the server by itself.`,
  addedMany: (n: number) => `${count(n)} are saved on this computer and go to the server by themselves.`,
  dropHere: (name: string) => `Drop the files here to add them to the record of ${name}.`,
  dropTitle: (n: number, name: string) => `Add ${count(n)} to the record of ${name}`,
  dropped: "Dropped files",
  addDropped: (n: number) => `Add ${count(n)}`,
  page: (page: number, pages: number) => `Page ${page} of ${pages}`,
  pageOf: (page: number, pages: number, name: string) => `Page ${page} of ${pages} of ${name}`,
  pageBefore: "Previous page",
  pageAfter: "Next page",
  drawing: "Loading the page",
  picture: (name: string, kind: string) => `${kind}: ${name}`,
  loading: "Fetching the file",
  noPicture: "This file cannot be shown here. Save a copy and open it with another program.",
  unsentTitle: "Files not on the server",
  pill: {
    waiting: (n: number) => `${count(n)} to send`,
    saved: (n: number) => `saved here, ${count(n)} to send`,
    refused: (n: number) => `${count(n)} cannot be sent`,
  },
  sentences: {
    waiting: (n: number) =>
      `Every record is on the server; ${count(n)} ${n === 1 ? "is" : "are"} safe on this computer and ${n === 1 ? "goes" : "go"} out by ${n === 1 ? "itself" : "themselves"} while a doctor, dentist or nurse is signed in.`,
    also: (n: number) => `${count(n)} also ${n === 1 ? "waits" : "wait"} to be sent.`,
    offline: (time: string, n: number) =>
      `Offline since ${time}. You can work as usual. ${count(n)} ${n === 1 ? "is" : "are"} safe on this computer and ${n === 1 ? "goes" : "go"} out by ${n === 1 ? "itself" : "themselves"}.`,
    refused: (n: number) =>
      `${count(n)} cannot be sent: the server refused ${n === 1 ? "it" : "them"}, or ${n === 1 ? "it is" : "they are"} missing here. See the list.`,
  },
};
