import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Html, html } from "./html.ts";

/** The style that all pages share. */
export const pageStyle = readFileSync(new URL("./page.css", import.meta.url), "utf8");

export interface PageParts {
  title: string;
  /** After the shared style. */
  style?: string;
  body: Html;
  /** Run at the end of the page, which is whole without it. */
  script?: string;
}

/**
 * A page in one file that asks nobody for anything: style and script are in it, and its policy allows these two alone. So it
 * opens from a disk, from an archive, or below any path of a server.
 */
export function pageText({ title, style = "", body, script }: PageParts): string {
  const css = pageStyle + style;
  const policy = [
    "default-src 'none'",
    `style-src '${contentHash(css)}'`,
    ...(script === undefined ? [] : [`script-src '${contentHash(script)}'`]),
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join("; ")}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(css)}</style>
</head>
<body>
${body}
${script !== undefined && html`<script>${new Html(script)}</script>\n`}</body>
</html>
`.text;
}

/** As a policy names a style or a script that stands in the page. */
export function contentHash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
