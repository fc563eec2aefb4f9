import { describe, expect, it } from "vitest";
import { standingOf } from "../../../pipelines/registry/standing.ts";
import { rollbackNoticeText } from "../../../pipelines/report/drift/rollback-notice-text.ts";
import {
  decideRollbackNotices,
  type KnownRollbackIssue,
  type RollbackMemory,
  readRollbackMemory,
  rollbackCopies,
  rollbackSituation,
  writeRollbackMemory,
} from "../../../pipelines/watch/notice/decide-rollback-notice.ts";
import {
  decideRollback,
  type LiveFinding,
  recheckEvidence,
} from "../../../pipelines/watch/promotion/decide-rollback.ts";
import { comparison, deploymentsOf, errors, evidence } from "../promotion/builders.ts";

function situationOf(moves: readonly string[], findings: readonly LiveFinding[] | null) {
  const deployments = deploymentsOf(...moves);
  const standing = standingOf(deployments);
  const judged =
    standing && findings && evidence(findings, { version: standing.version, promotion: standing.promotion });
  const judgement = judged && { evidence: judged, decision: decideRollback(judged, standing) };
  return rollbackSituation("rent", deployments, judgement);
}

function issue(version: number, memory: Partial<RollbackMemory> = {}, open = true, number = 7): KnownRollbackIssue {
  return { number, open, memory: { model: "rent", version, event: "rolled back", closed: null, ...memory } };
}

const rolledBack = ["m ->1", "m 1>2", "a 2>1"];
const promotedSince = [...rolledBack, "m 1>3"];
const sound = errors({ share: 0 });
const few: LiveFinding = { condition: "error_rate", state: "too few rows", rows: 3 };

describe("the issue about a rollback", () => {
  it.each<[string, string[], LiveFinding[] | null, KnownRollbackIssue[], object[]]>([
    [
      "is created for what was rolled back",
      rolledBack,
      null,
      [],
      [{ action: "create", memory: { version: 2, event: "rolled back" } }],
    ],
    ["is not created for a person's rollback", ["m ->1", "m 1>2", "r 2>1"], null, [], []],
    [
      "is created for what is held",
      ["m ->2"],
      [errors()],
      [],
      [{ action: "create", memory: { version: 2, event: "held" } }],
    ],
    [
      "is one per version",
      rolledBack,
      [errors()],
      [issue(2)],
      [
        { action: "update", issue: 7 },
        { action: "create", memory: { version: 1, event: "held" } },
      ],
    ],
    ["is kept up to date", rolledBack, [few], [issue(2)], [{ action: "update", issue: 7 }]],
    ["stays closed when a person closed it", rolledBack, null, [issue(2, {}, false)], []],
    ["is not made of a copy", rolledBack, null, [issue(2, { closed: "copy" }, false)], [{ action: "create" }]],
    [
      "is closed when somebody promoted a version",
      promotedSince,
      null,
      [issue(2)],
      [{ action: "close", issue: 7, why: "replaced", memory: { closed: "over" } }],
    ],
    ["is closed once", promotedSince, null, [issue(2, { closed: "over" }, false)], []],
    ["is a person's who opened it again", promotedSince, null, [issue(2, { closed: "over" })], []],
    [
      "tells another event of the same version again",
      ["m ->2"],
      [errors()],
      [issue(2, {}, false)],
      [{ action: "reopen", issue: 7, memory: { event: "held" } }],
    ],
    ["of what is held stays while it is undecided", ["m ->2"], [few], [issue(2, { event: "held" })], []],
    ["of what is held stays when the check failed", ["m ->2"], null, [issue(2, { event: "held" })], []],
    [
      "of what is held is closed when the limits are kept",
      ["m ->2"],
      [sound],
      [issue(2, { event: "held" })],
      [{ action: "close", why: "sound" }],
    ],
    [
      "of what is held opens again",
      ["m ->2"],
      [errors()],
      [issue(2, { event: "held", closed: "over" }, false)],
      [{ action: "reopen", issue: 7 }],
    ],
    [
      "of what is held stays closed for whom closed it",
      ["m ->2"],
      [errors()],
      [issue(2, { event: "held" }, false)],
      [],
    ],
    [
      "of what is held is closed when the version is gone",
      ["m ->1", "r 1>-"],
      null,
      [issue(1, { event: "held" })],
      [{ action: "close", why: "replaced" }],
    ],
  ])("%s", (_title, moves, findings, issues, notices) => {
    const decided = decideRollbackNotices(situationOf(moves, findings), issues);
    expect(decided).toHaveLength(notices.length);
    expect(decided).toMatchObject(notices);
  });

  it("has copies when two runs made one each; the oldest stays", () => {
    const all = [issue(2, {}, true, 9), issue(2, {}, true, 8), issue(3, {}, true, 10)];
    expect(rollbackCopies(all).map(({ number }) => number)).toEqual([9]);
  });

  it("remembers, and takes nobody's word for it", () => {
    const memory: RollbackMemory = { model: "rent", version: 2, event: "held", closed: "over" };
    expect(readRollbackMemory(`${writeRollbackMemory(memory)}\nText`)).toEqual(memory);
    for (const body of [
      "Text",
      '<!-- mergeml:rollback {"model":"rent","version":"2"} -->',
      writeRollbackMemory({ ...memory, closed: "no" as never }),
    ])
      expect(readRollbackMemory(body)).toBeNull();
  });

  it("is safe whatever a name or a reason holds", () => {
    const last = deploymentsOf(...rolledBack).moves.at(-1)!;
    const hostile = { ...last, automatic: "<img src=x> @everyone\n# no" };
    const situation = rollbackSituation("rent", { moves: [hostile] }, null);
    const [notice] = decideRollbackNotices(situation, []);
    const { title, body } = rollbackNoticeText(notice!, {
      situation,
      owner: "@octo",
      repository: "https://github.example.org/o/r",
    });
    expect(title).toBe("rent v2 was rolled back to v1");
    expect(body).not.toMatch(/<img|@everyone|^# /m);
    expect(body).toContain("[commit-](https://github.example.org/o/r/commit/commit-2)");
  });
});

describe("what another job measured", () => {
  const config = { when: { error_rate: 0.2, outside_reference: null, worse_than_previous: true }, min_rows: 950 };

  it("counts only as far as the config asks, by its limits and rows", () => {
    const outside = errors({ condition: "outside_reference", share: 1 });
    const unknown: LiveFinding = { condition: "worse_than_previous", state: "unknown", reason: "no labels" };
    const given = evidence([errors({ limit: 0.01 }), outside, comparison()]);
    expect(recheckEvidence(given, config)).toEqual({
      ...given,
      least: 950,
      findings: [errors({ limit: 0.2 }), { condition: "worse_than_previous", state: "too few rows", rows: 900 }],
    });
    expect(recheckEvidence(evidence([unknown]), config)?.findings).toEqual([unknown]);
    expect(recheckEvidence(given, null)).toBeNull();
  });
});
