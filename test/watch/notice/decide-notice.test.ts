import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  copiesOf,
  type DriftState,
  decideNotice,
  type KnownIssue,
  type NoticeMemory,
} from "../../../pipelines/watch/notice/decide-notice.ts";

const day = 86_400_000;

function state(over: Partial<DriftState> = {}): DriftState {
  const to = "2001-06-10T00:00:00Z";
  return {
    model: "delay",
    version: 2,
    persistent: "drift",
    severity: 3,
    to,
    cooldownMs: 7 * day,
    silentSince: null,
    fed: true,
    ...over,
  };
}

function issue(over: Partial<NoticeMemory> = {}, { number = 7, open = true } = {}): KnownIssue {
  const memory = { model: "delay", version: 2, severity: 2, to: "2001-06-03T00:00:00Z", closed: null, ...over };
  return { number, open, memory };
}

const silent = (over: Partial<DriftState> = {}) =>
  state({ persistent: "silent", severity: 0, fed: false, silentSince: "2001-06-01T00:00:00Z", ...over });
const shut = (known: KnownIssue): KnownIssue => ({ ...known, open: false });

const closed = { open: false };

describe("decideNotice", () => {
  const cases: [title: string, DriftState, KnownIssue[], expected: object][] = [
    ["a first drift", state(), [], { action: "create", memory: { version: 2, severity: 3, closed: null } }],
    ["a drift that lasts", state(), [issue()], { action: "update", issue: 7, memory: { severity: 3 } }],
    ["a drift of another version", state({ version: 3 }), [issue()], { action: "update", memory: { version: 3 } }],
    ["a second open issue", state(), [issue({}, { number: 9 }), issue()], { action: "update", issue: 7 }],
    ["an open issue beside a closed one", state(), [issue({}, closed), issue({}, { number: 9 })], { issue: 9 }],
    ["undecided without an issue", state({ persistent: "undecided" }), [], { action: "nothing", reason: "undecided" }],
    ["undecided with one", state({ persistent: "undecided" }), [issue()], { reason: "undecided: issue #7 stays open" }],
    ["a feed that stopped", silent(), [], { action: "create", memory: { silent: true } }],
    [
      "a feed that is still silent",
      silent(),
      [issue({ silent: true })],
      { action: "update", memory: { silent: true } },
    ],
    ["a drift whose feed stopped", silent(), [issue()], { action: "update", memory: { closed: null } }],
    [
      "a feed that came back",
      state({ persistent: "undecided" }),
      [issue({ silent: true })],
      { action: "close", why: "returned", memory: { closed: "returned" } },
    ],
    ["rows of a drift that came back", state({ persistent: "undecided" }), [issue()], { action: "nothing" }],
    [
      "a silence that a person knows",
      silent(),
      [issue({ silent: true }, { number: 7 })].map(shut),
      { action: "nothing" },
    ],
    [
      "a later silence",
      silent({ silentSince: "2001-06-05T00:00:00Z" }),
      [issue({ silent: true })].map(shut),
      { action: "reopen", why: "silent" },
    ],
    ["still nothing", state({ persistent: "undecided", fed: false }), [issue({ silent: true })], { action: "nothing" }],
    ["clean without an issue", state({ persistent: "clean" }), [], { action: "nothing", reason: "clean" }],
    [
      "clean with an open one",
      state({ persistent: "clean", severity: 0 }),
      [issue()],
      { action: "close", issue: 7, why: "clean", memory: { closed: "clean", severity: 2, to: "2001-06-10T00:00:00Z" } },
    ],
    ["clean with a closed one", state({ persistent: "clean" }), [issue({}, closed)], { action: "nothing" }],
    [
      "clean, and a person opened what we closed",
      state({ persistent: "clean" }),
      [issue({ closed: "clean" })],
      { action: "nothing", reason: "a person opened issue #7 again" },
    ],
    ["nothing in production", state({ version: null }), [issue()], { action: "close", why: "undeployed" }],
    [
      "nothing in production, no issue",
      state({ version: null }),
      [],
      { action: "nothing", reason: "not in production" },
    ],
    [
      "acknowledged, as severe as before",
      state({ severity: 2.9 }),
      [issue({}, closed)],
      { action: "nothing", reason: "issue #7 was closed by a person: drift has not grown by half since" },
    ],
    ["acknowledged, grown by half", state(), [issue({}, closed)], { action: "reopen", why: "grown", before: 2 }],
    [
      "acknowledged for an earlier version",
      state({ version: 3, severity: 2 }),
      [issue({}, closed)],
      { action: "reopen", why: "another version", memory: { version: 3, severity: 2 } },
    ],
    [
      "again within the window after a clean end",
      state({ severity: 2, to: "2001-06-09T23:00:00Z" }),
      [issue({ closed: "clean" }, closed)],
      { action: "nothing", reason: "issue #7 was closed less than one window ago" },
    ],
    [
      "again a window after a clean end",
      state({ severity: 2 }),
      [issue({ closed: "clean" }, closed)],
      { action: "reopen", why: "again", memory: { closed: null } },
    ],
    [
      "much worse soon after a clean end",
      state({ to: "2001-06-04T00:00:00Z" }),
      [issue({ closed: "clean" }, closed)],
      { action: "reopen", why: "grown" },
    ],
    [
      "a late run for an older window",
      state({ to: "2001-06-02T00:00:00Z" }),
      [issue()],
      { action: "nothing", reason: "issue #7 knows a newer window" },
    ],
    ["only a copy, which says nothing", state(), [issue({ closed: "copy" }, closed)], { action: "create" }],
  ];

  it.each(cases)("%s", (_title, now, known, expected) => {
    expect(decideNotice(now, known)).toMatchObject(expected);
  });

  it("never acts twice on the same facts, whatever they are", () => {
    const memory = fc.record({
      model: fc.constant("delay"),
      version: fc.integer({ min: 1, max: 3 }),
      severity: fc.double({ min: 1, max: 50, noNaN: true }),
      to: fc.integer({ min: 1, max: 20 }).map((at) => new Date(Date.UTC(2001, 5, at)).toISOString()),
      closed: fc.constantFrom("clean" as const, "copy" as const, "undeployed" as const, null),
    });
    const issues = fc.array(fc.record({ open: fc.boolean(), memory }), { maxLength: 4 });
    const states = fc.record({
      version: fc.option(fc.integer({ min: 1, max: 3 })),
      persistent: fc.constantFrom("drift" as const, "clean" as const, "undecided" as const),
      severity: fc.double({ min: 1, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(issues, states, (given, change) => {
        const known = given.map((each, index) => ({ ...each, number: index + 1 }));
        const decision = decideNotice(state(change), known);
        const next = carriedOut(known, decision);
        const repeated = decideNotice(state(change), next);
        expect(["nothing", "update"]).toContain(repeated.action);
        if (repeated.action === "update") expect(carriedOut(next, repeated)).toEqual(next);
      }),
    );
  });
});

/** What GitHub has once a decision is carried out. */
function carriedOut(known: KnownIssue[], decision: ReturnType<typeof decideNotice>): KnownIssue[] {
  if (decision.action === "nothing") return known;
  const { memory } = decision;
  if (decision.action === "create") return [...known, { number: known.length + 1, open: true, memory }];
  const open = decision.action !== "close";
  return known.map((each) => (each.number === decision.issue ? { number: each.number, open, memory } : each));
}

it("keeps the oldest open issue and calls the other open ones copies", () => {
  const known = [issue({}, { number: 3, open: false }), issue({}, { number: 8 }), issue({}, { number: 5 })];
  expect(copiesOf(known).map(({ number }) => number)).toEqual([8]);
});
