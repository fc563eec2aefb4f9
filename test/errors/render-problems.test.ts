import { expect, test } from "vitest";
import type { Problem } from "../../pipelines/errors/expected-error.ts";
import { countLine, renderProblems } from "../../pipelines/errors/render-problems.ts";

const file = "models/flight-delay/model.yaml";

function at(lineText: string, column: number, length = 1): Problem {
  return { message: "wrong", where: { file, line: 7, column, length, lineText } };
}

test("shows where, the line, what is wrong in it and how to mend it", () => {
  const problem: Problem = {
    message: "params.learning_rat is not a param of gradient-boosting",
    hint: "did you mean learning_rate?",
    where: { file, line: 7, column: 11, length: 12, lineText: "params: { learning_rat: 0.1, trees: 200 }" },
  };
  const query: Problem = {
    message: 'no column "distnce" in flights-3m.parquet',
    hint: "it has: date, delay, distance, origin, destination",
    where: { file: "models/flight-delay/features.sql", line: 14, column: 3, length: 7, lineText: "  distnce," },
    severity: "warning",
  };
  expect(renderProblems([problem, query])).toBe(`\
models/flight-delay/model.yaml:7:11  error  params.learning_rat is not a param of gradient-boosting
    7 | params: { learning_rat: 0.1, trees: 200 }
      |           ^^^^^^^^^^^^
    did you mean learning_rate?

models/flight-delay/features.sql:14:3  warning  no column "distnce" in flights-3m.parquet
    14 |   distnce,
       |   ^^^^^^^
    it has: date, delay, distance, origin, destination`);
});

test.each([
  ["no place", { message: "no model", hint: "try" }, "error  no model\n    try"],
  ["no line", { message: "empty", where: { file, line: 1, column: 1 } }, `${file}:1:1  error  empty`],
  ["lines of its own", { message: "a\nb", hint: "c\nd" }, "error  a\n    b\n    c\n    d"],
])("a problem with %s", (_title, problem, text) => {
  expect(renderProblems([problem])).toBe(text);
});

test.each([
  ["tabs", "\ta:\tb", 5, 1, "\ta:\tb", "\t  \t^"],
  ["wide characters", "名前: x", 5, 1, "名前: x", "      ^"],
  ["wide characters underlined", "a: 名前", 4, 2, "a: 名前", "   ^^^^"],
  ["combining marks", "e\u0301: x", 5, 1, "e\u0301: x", "   ^"],
  ["an emoji", "😀: x", 5, 1, "😀: x", "    ^"],
  ["the end of the line", "a:", 3, 1, "a:", "  ^"],
  ["a place behind the line", "a:", 30, 5, "a:", "  ^"],
  ["more than the line has", "a: b", 4, 99, "a: b", "   ^"],
  ["an empty line", "", 1, 1, "", "^"],
  ["escape sequences", "a: \u001b[31mred", 4, 1, "a: ␛[31mred", "   ^"],
  ["text that runs backwards", "a: \u202etxt", 4, 1, "a: \ufffdtxt", "   ^"],
])("the carets are right for %s", (_title, lineText, column, length, shown, carets) => {
  const [, line, under] = renderProblems([at(lineText, column, length)]).split("\n");
  expect(line).toBe(`    7 | ${shown}`.trimEnd());
  expect(under).toBe(`      | ${carets}`);
});

test.each([
  ["start", 1, 3, `    7 | ${"x".repeat(120)}…`, "      | ^^^"],
  ["middle", 5000, 3, `    7 | …${"x".repeat(120)}…`, `      | ${" ".repeat(41)}^^^`],
  ["end", 10_000, 3, `    7 | …${"x".repeat(41)}`, `      | ${" ".repeat(41)}^`],
])("of a very long line the part around its %s is shown", (_title, column, length, line, under) => {
  const rendered = renderProblems([at("x".repeat(10_000), column, length)]).split("\n");
  expect(rendered.slice(1)).toEqual([line, under]);
});

test("a message cannot write to the terminal by itself", () => {
  const problem = {
    message: "bad \u001b]0;title\u0007",
    hint: "\u009b2J",
    where: { file: "a\u001b.yaml", line: 1, column: 1 },
  };
  expect(renderProblems([problem])).toBe("a␛.yaml:1:1  error  bad ␛]0;title␇\n    \ufffd2J");
});

const error: Problem = { message: "x", where: { file, line: 1, column: 1 } };
const other: Problem = { message: "x", where: { file: "models/b/features.sql", line: 1, column: 1 } };
const warning: Problem = { message: "x", severity: "warning", where: { file, line: 1, column: 1 } };

test.each([
  [[error, error], 3, "2 errors in 1 of 3 models"],
  [[error, other], 2, "2 errors in 2 of 2 models"],
  [[error], 1, "1 error in 1 of 1 model"],
  [[error, warning, warning], 4, "1 error and 2 warnings in 1 of 4 models"],
  [[warning], 1, "1 warning in 1 of 1 model"],
  [[{ message: "x", where: { file: "mergeml.yaml", line: 1, column: 1 } }], 3, "1 error"],
  [[], 1200, "no problems in 1,200 models"],
])("counts %#", (problems, models, text) => {
  expect(countLine(problems, models)).toBe(text);
});
