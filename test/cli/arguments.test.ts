import { describe, expect, it } from "vitest";
import { findVerb, parseArguments } from "../../scripts/cli/main.ts";

const command = {
  positionals: { min: 1, max: 1 },
  options: {
    to: { type: "string", description: "the version" },
    format: { type: "string", choices: ["text", "github"], description: "how" },
  },
} as const;

describe("findVerb", () => {
  it.each([
    { argv: ["run", "flights"], verb: "run", rest: ["flights"] },
    { argv: ["-C", "dir", "run", "flights"], verb: "run", rest: ["-C", "dir", "flights"] },
    { argv: ["--json", "status"], verb: "status", rest: ["--json"] },
    { argv: ["--directory=dir", "status"], verb: "status", rest: ["--directory=dir"] },
    { argv: ["--help"], verb: null, rest: ["--help"] },
    { argv: [], verb: null, rest: [] },
  ])("$argv", ({ argv, verb, rest }) => {
    expect(findVerb(argv)).toEqual({ verb, rest });
  });
});

describe("parseArguments", () => {
  it("gives options and positionals", () => {
    expect(parseArguments("rollback", command, ["flights", "--to", "2", "-C", "dir"])).toEqual({
      positionals: ["flights"],
      values: expect.objectContaining({ to: "2", directory: "dir" }),
    });
  });

  it.each([
    { title: "an unknown option", argv: ["x", "--too", "2"], message: /Unknown option '--too'/ },
    { title: "a missing value", argv: ["x", "--to"], message: /'--to <value>' argument missing/ },
    {
      title: "a value that is not one of the choices",
      argv: ["x", "--format", "gitub"],
      message: /--format gitub is not known/,
    },
    { title: "no argument", argv: [], message: /takes 1 argument, got 0/ },
    { title: "one argument too many", argv: ["a", "b"], message: /takes 1 argument, got 2: a b/ },
  ])("refuses $title", ({ argv, message }) => {
    expect(() => parseArguments("rollback", command, argv)).toThrow(message);
  });

  it.each([
    { argv: ["x", "--too", "2"], hint: "did you mean --to? See: mergeml rollback --help" },
    { argv: ["x", "--format", "gitub"], hint: "did you mean github? It takes: text, github" },
  ])("says how to mend $argv", ({ argv, hint }) => {
    expect(() => parseArguments("rollback", command, argv)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ hint })] }),
    );
  });

  it("asks for no arguments when help is wanted", () => {
    expect(parseArguments("rollback", command, ["--help"]).values.help).toBe(true);
  });
});
