import { type Html, html } from "./html.ts";

export interface FigureParts {
  title: string;
  picture: Html;
  /** The numbers of the picture. */
  table?: Html | null;
  /** A sentence below the picture. */
  note?: Html | string | null;
  isWide?: boolean;
}

/** A picture with a title and its numbers, folded; what is to be seen in it is told in words by the picture itself. */
export function figure({ title, picture, table, note, isWide }: FigureParts): Html {
  return html`<figure${isWide && html` class="wide"`}><figcaption><h3>${title}</h3></figcaption>
${picture}
${note && html`<p class="note">${note}</p>`}
${table && html`<details class="numbers"><summary>Numbers</summary>${table}</details>`}</figure>\n`;
}
