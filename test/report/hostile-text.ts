import fc from "fast-check";

const pieces = [
  ..."@#|`\\*_[]()<>~$&!:-+=.\"'{}^% \n\ta1é中😀",
  "@user",
  "#12",
  "<img src=x>",
  "![a](b)",
  "``",
  "```",
  "~~~",
  "\n\n",
  "\r\n",
  "- ",
  "1. ",
  "# ",
  "---",
  "</details>",
  "<details>",
  "</summary>",
  "<!--",
  "-->",
  "https://evil.example",
  "www.evil.example",
  "a@b.co",
  ":tada:",
  "GH-1",
  "&amp;",
  "[x]",
  "%%{init: {}}%%",
  "\u0000",
  "\u001b[31m",
  "\u202e",
  "\ud800",
] as const;

/** Texts made of what Markdown, HTML, Mermaid, terminals and GitHub act on, and any others. */
export const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);
