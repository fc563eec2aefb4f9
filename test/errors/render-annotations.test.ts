import fc from "fast-check";
import { expect, test } from "vitest";
import { renderAnnotations } from "../../pipelines/errors/render-problems.ts";

test("shows a problem beside its line", () => {
  expect(
    renderAnnotations([
      {
        message: "params.tres is not a param of linear",
        hint: "did you mean trees?",
        key: "params.tres",
        where: { file: "models/a/model.yaml", line: 8, column: 11, length: 4, lineText: "params: { tres: 1 }" },
      },
      { message: "careful", severity: "warning" },
    ]),
  ).toBe(
    "::error file=models/a/model.yaml,line=8,col=11,endColumn=15,title=mergeml%3A params.tres::params.tres is not a param of linear%0Adid you mean trees?\n" +
      "::warning title=mergeml::careful",
  );
});

test("escapes what would end a property, the message or the command", () => {
  const where = { file: "models/a,b:c/100%.yaml", line: 1, column: 1 };
  expect(renderAnnotations([{ message: "50%: a\r\n::error::b, c", where }])).toBe(
    "::error file=models/a%2Cb%3Ac/100%25.yaml,line=1,col=1,endColumn=2,title=mergeml::50%25: a␍%0A::error::b, c",
  );
});

test("a problem is one line, whatever it says", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, text, (message, hint, file) => {
      const rendered = renderAnnotations([{ message, hint, where: { file, line: 1, column: 1 } }]);
      expect(rendered).toMatch(/^::error file=[^\r\n]*$/);
      expect(rendered.slice(2).split("::")[0]).toMatch(/^error file=[^:,]*,line=1,col=1,endColumn=2,title=mergeml$/s);
    }),
  );
});
