import { expect, test } from "vitest";
import { type Mistake, saidAbout } from "./mistakes.ts";

// Texts that are not the YAML we read: each is shown with its place, what was found and what was expected.
const mistakes: readonly Mistake[] = [
  ["a key twice", "seed: 42", "seed: 42\nseed: 43", '8:1+4 the key "seed" is there twice'],
  [
    "a tab for indentation",
    "  target: delay",
    "\ttarget: delay",
    "14:1+1 not valid YAML: Tabs are not allowed as indentation",
  ],
  [
    "a bracket left open",
    "{ mae: { max: 18 } }",
    "{ mae: { max: 18 }",
    "26:3+1 not valid YAML: Flow map in block collection must be sufficiently indented and end with a }",
  ],
  ["a quote left open", '"@octo-org/ops"', '"@octo-org/ops', '4:59+1 not valid YAML: Missing closing "quote'],
  [
    "a colon in a text",
    "description: Minutes",
    "description: Late: Minutes",
    "3:14+1 not valid YAML: Nested mappings are not allowed in compact mappings",
  ],
  ["an alias", "seed: 42", "seed: *number", "7:7+7 aliases (*number) are not supported"],
  ["an anchor", "seed: 42", "seed: &number 42", "7:15+2 anchors (&number) are not supported"],
  ["a tag", "seed: 42", "seed: !!int 42", "7:13+2 tags (!…) are not supported"],
  ["a merge key", "seed: 42", "<<: { seed: 42 }", "7:1+2 merge keys (<<) are not supported"],
  ["a key that is a number", "seed: 42", "42: seed", "7:1+2 a key must be a plain text"],
  ["a prototype key", "seed: 42", "__proto__: { seed: 42 }", '7:1+9 unknown key "__proto__"'],
  ["a key of every object", "seed: 42", "constructor: 42", "7:1+11 constructor is not a known key"],
  ["a second document", "seed: 42", "seed: 42\n---", "8:1+3 the file holds more than one YAML document"],
  [
    "a directive",
    "# yaml-language-server",
    "%YAML 1.1\n---\n# yaml-language-server",
    "1:1+3 YAML directives (%…) are not supported",
  ],
  ["a NUL", "seed: 42", "seed: 4\u00002", "7:8+1 the character U+0000 is not allowed in YAML"],
];

test.each(mistakes.map((mistake) => ({ title: mistake[0], mistake })))("$title", ({ mistake }) => {
  expect(saidAbout(mistake)).toEqual(mistake.slice(3));
});
