import { escapeMarkdown } from "../../errors/inert-markdown.ts";

/** A hash as inline code, its prefix (`fp:`, `c-`, `sha256:`) and the first `digits` characters; other text as plain text. */
export function shortId(id: string, digits = 8): string {
  const found = /^((?:[a-z0-9]+[:-])?)([0-9a-f]+)$/.exec(id);
  return found ? `\`${found[1]}${found[2]!.slice(0, digits)}\`` : escapeMarkdown(id, 40);
}
