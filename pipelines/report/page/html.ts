import { visibleText } from "../../errors/visible-text.ts";

/** Text that is HTML already; anything else is escaped where it is put in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/**
 * HTML from a template: what is put in is text, shown as it is, whatever stands in it, unless it is Html; null, undefined and false are
 * nothing. Characters that nobody sees, or that turn a line around, are shown as such.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = texts[0]!;
  for (let at = 0; at < parts.length; at += 1) text += plain(parts[at]!) + texts[at + 1]!;
  return new Html(text);
}

function plain(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(plain).join("");
  const text = String(part);
  return isPlain.test(text) ? text : escaped(visibleText(text));
}

/** Most of what a long table holds: nothing in it is escaped or made visible. */
const isPlain = /^[\w .,:;+/()=#@*{}[\]|~%!?$^-]*$/;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
