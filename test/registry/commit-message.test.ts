import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CommitFacts,
  formatMessage,
  parseFacts,
  parseSubject,
  promoteSubject,
  registerSubject,
  revertMessage,
  rollbackSubject,
} from "../../pipelines/registry/commit-message.ts";
import { parsePath, productionFile, versionFolder } from "../../pipelines/registry/version-record.ts";

const model = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const version = fc.integer({ min: 1, max: 99_999 });

describe("commit messages", () => {
  it("tell their facts, whatever the body says", () => {
    const facts: fc.Arbitrary<CommitFacts> = fc.record({
      model,
      version: fc.option(version),
      candidate: fc.option(fc.stringMatching(/^c-[0-9a-f]{64}$/)),
      pullRequest: fc.option(version),
      verdict: fc.option(fc.constantFrom("pass" as const, "fail" as const, "inconclusive" as const)),
      automatic: fc.option(fc.stringMatching(/^[a-z][a-z:%.,0-9-]{0,9}( [a-z:%.,0-9-]{1,9}){0,5}$/)),
    });
    const body = fc.option(fc.string({ minLength: 1 }).map((text) => `A ${text}`));
    fc.assert(
      fc.property(facts, body, (each, text) => {
        expect(parseFacts(formatMessage("Subject", text, each))).toEqual(each);
      }),
    );
  });

  it("of others have no facts", () => {
    expect(parseFacts('Revert "promote(x): 1 -> 2"\n\nThis reverts commit 123.\n')).toBeNull();
  });

  it("say by their subject which model they are about", () => {
    fc.assert(
      fc.property(model, version, version, (name, from, to) => {
        expect(parseSubject(registerSubject(name, to))).toEqual({ kind: "register", model: name });
        expect(parseSubject(promoteSubject(name, null, to))).toEqual({ kind: "promote", model: name });
        expect(parseSubject(rollbackSubject(name, from, null))).toEqual({ kind: "rollback", model: name });
        const { subject } = revertMessage(promoteSubject(name, from, to), "123");
        expect(parseSubject(subject)).toEqual({ kind: "revert", model: name });
        expect(parseSubject(revertMessage(subject, "123").subject)).toEqual({ kind: "revert", model: name });
      }),
    );
    expect(parseSubject("promote the model")).toBeNull();
  });
});

describe("paths", () => {
  it.each([
    ["registry.json", { kind: "format" }],
    ["README.md", { kind: "index" }],
    [".gitattributes", { kind: "attributes" }],
    [".github/workflows/registry.yml", { kind: "workflow" }],
    [productionFile("rent"), { kind: "production", model: "rent" }],
    ["models/rent/challenger.json", { kind: "challenger", model: "rent" }],
    [
      `${versionFolder("rent", 12)}/model.onnx`,
      { kind: "version-file", model: "rent", version: 12, file: "model.onnx" },
    ],
    ["models/rent/versions/012/model.onnx", { kind: "other" }],
    ["models/rent/versions/1/deep/er", { kind: "other" }],
    ["models/Rent/production.json", { kind: "other" }],
    ["models/rent/production.json\n", { kind: "other" }],
    ["notes.txt", { kind: "other" }],
  ])("%j", (path, parsed) => {
    expect(parsePath(path)).toEqual(parsed);
  });
});
