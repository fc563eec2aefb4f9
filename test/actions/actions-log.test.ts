import { expect, test } from "vitest";
import { withoutCommands } from "../../actions/shared/actions-log.ts";

/** White space as .NET trims it, and characters that its comparison of texts passes over. */
const passedOver = [
  ..."\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2005\u200a\u2028\u2029\u202f\u205f\u3000",
  ..."\u0000\u00ad\u200b\u200c\u200d\u2060\ufeff",
  "\u{e0001}",
];

/** What the runner does: lines, trimmed, compared without regard to what nobody sees. */
function commandsIn(text: string): string[] {
  const unseen = /[\p{Cc}\p{Cf}]/gu;
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(unseen, "").trimStart());
  return lines.filter((line) => line.startsWith("::") || line.includes("##["));
}

test.each(passedOver.map((character) => [character.codePointAt(0)!.toString(16), character]))(
  "U+%s before, in or after a command makes none",
  (_code, character) => {
    for (const text of [
      `${character}::error::x`,
      `a\n${character}${character}::set-env name=A::b`,
      `:${character}:error::x`,
      `${character}##[error]x`,
      `#${character}#[error]x`,
      `##${character}[error]x`,
    ]) {
      expect(commandsIn(withoutCommands(text))).toEqual([]);
    }
  },
);

test("other text stays as it is", () => {
  const text = "std::vector and a::b\n  key: value\n# heading\n## [link]";
  expect(withoutCommands(text)).toBe(text);
});
