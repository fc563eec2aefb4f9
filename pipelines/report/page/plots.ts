import type * as PlotLibrary from "@observablehq/plot";
import { visibleText } from "../../errors/inert-markdown.ts";
import { Html, html } from "./html.ts";

/** Observable Plot with a document to draw in. */
export interface Plots {
  Plot: typeof PlotLibrary;
  /**
   * An SVG whose words for who does not see it are `alt`. `told` has the place in the record of each number in them, in their order:
   * `a/b` is a quotient, `-a/b` its opposite, and a list the sum of all in it.
   */
  draw(alt: string, options: PlotLibrary.PlotOptions, told?: readonly string[]): Html;
}

const width = 400;

/** Loads the library, which takes some tenths of a second: only for who draws. */
export async function openPlots(): Promise<Plots> {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html><body></body></html>");
  return {
    Plot,
    draw(alt, options, told = []) {
      const drawn = Plot.plot({
        document,
        width,
        height: 240,
        marginLeft: 52,
        marginBottom: 42,
        ...options,
      } as PlotLibrary.PlotOptions);
      return html`<div class="plot" role="img" aria-label="${alt}"${told.length > 0 && html` data-told="${told.join(" ")}"`}>${new Html(visibleText(tidy(drawn as unknown as Drawn).outerHTML))}</div>`;
    },
  };
}

/** What of an element is a place, whose many digits nobody sees. */
const places = ["transform", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"];

/**
 * The library writes a style of its own into each picture, which the page's policy would refuse and `page.css` has, and labels
 * for parts of a picture that `role="img"` hides.
 */
function tidy(svg: Drawn): Drawn {
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    for (const name of ["class", "style", "aria-label", "aria-description", "aria-hidden", "font-family"])
      element.removeAttribute(name);
    for (const name of places) {
      const place = element.getAttribute(name);
      if (place !== null) element.setAttribute(name, place.replaceAll(/(\.\d\d)\d+/g, "$1"));
    }
  }
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** What is used of an element; the code knows no browser's types. */
interface Drawn {
  outerHTML: string;
  querySelectorAll(selector: string): Iterable<Drawn>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

/** Labels that are cut to the same text are still two places of an axis. */
export function axisLabel(text: string, at: number, longest: number): string {
  return `${shortLabel(text, longest)}${"\u200a".repeat(at)}`;
}

/** A name from the data as a label has room for it. */
export function shortLabel(text: string, longest = 22): string {
  const shown = Array.from(visibleText(text === "" ? "(empty)" : text).replaceAll(/\s+/g, " "));
  return shown.length > longest ? `${shown.slice(0, longest - 1).join("")}…` : shown.join("");
}

/** The colours of who is compared. Each has a shape or a stroke of its own too. */
export const colours = {
  candidate: "var(--candidate)",
  production: "var(--production)",
  naive: "var(--naive)",
  ink: "var(--ink)",
  soft: "var(--soft)",
} as const;

interface FigureParts {
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
