import type { ItemView } from "./bindings/ItemView";

const escape = (text: string) => text.replace(/[<>&]/g, " ");

/** A stand-in for the printed page. */
export function fakePage(head: string, patient: string, items: ItemView[], foot: string): string {
  const lines = items
    .map(
      (item, place) =>
        `<text x="36" y="${196 + place * 44}" font-size="13" font-weight="700">${place + 1}  ${escape(item.title)}</text>` +
        `<text x="52" y="${212 + place * 44}" font-size="11">${escape(item.directions)}</text>` +
        `<text x="384" y="${196 + place * 44}" font-size="11" text-anchor="end">${escape(item.quantity ?? "")}</text>`,
    )
    .join("");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 595" font-family="sans-serif" fill="#111">` +
    `<rect width="420" height="595" fill="#fff"/>` +
    `<text x="36" y="52" font-size="16" font-weight="700">${escape(head)}</text>` +
    `<line x1="36" y1="72" x2="384" y2="72" stroke="#111" stroke-width="1.4"/>` +
    `<text x="36" y="96" font-size="11">${escape(patient)}</text>` +
    `<text x="36" y="164" font-size="22" font-weight="700">Rx</text>${lines}` +
    `<text x="36" y="560" font-size="9">${escape(foot)}</text></svg>`
  );
}
