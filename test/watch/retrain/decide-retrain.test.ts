import { expect, it } from "vitest";
import { decideRetrain, type RetrainFacts, type RetrainWish } from "../../../pipelines/watch/retrain/decide-retrain.ts";
import type { RetrainMemory } from "../../../pipelines/watch/retrain/retrain-memory.ts";

const week = 7 * 86_400_000;
const upTo = (end: string) => ({ start: "2001-01-01", end });

function wish(over: Partial<Extract<RetrainWish, { kind: "retrain" }>> = {}): RetrainWish {
  return { kind: "retrain", reason: "drift", version: 2, severity: 3, window: upTo("2001-06-04"), ...over };
}

function memory(over: Partial<RetrainMemory> = {}): RetrainMemory {
  const checked = "a".repeat(40);
  const window = upTo("2001-06-04");
  return { model: "delay", reason: "drift", version: 2, severity: 3, window, checked, obsolete: false, ...over };
}

const pull = (state: "open" | "closed" | "merged", over: Partial<RetrainMemory> = {}) => ({
  ...{ number: 44, state, memory: memory(over) },
});
const branch = { window: upTo("2001-06-04"), edited: false, stale: false };

function facts(over: Partial<RetrainFacts> = {}): RetrainFacts {
  return {
    ...{ model: "delay", wish: wish(), main: upTo("2001-04-01"), rolledBack: [], registered: null },
    ...{ stepMs: week, branch: null, pull: null },
    ...over,
  };
}

const nothing = (reason: string) => ({ action: "nothing", reason });
const laterDrift = (end: string, severity = 3) => wish({ window: upTo(end), severity });
const bySchedule = (end: string) => wish({ reason: "schedule", severity: 0, window: upTo(end) });
const gone: RetrainWish = { kind: "none", why: "the drift is gone" };

it.each<[title: string, Partial<RetrainFacts>, expected: object]>([
  ["the first drift", {}, { action: "propose", push: true, pull: null, memory: { ...memory(), checked: null } }],
  [
    "a branch without a pull request, left by a run that died",
    { branch },
    { push: false, pull: null, memory: { checked: null } },
  ],
  ["nothing new", { branch, pull: pull("open") }, { action: "propose", push: false, pull: 44, memory: memory() }],
  [
    "a day later: the same window, told anew",
    { wish: laterDrift("2001-06-05", 4), branch, pull: pull("open") },
    { push: false, memory: { severity: 4, window: upTo("2001-06-04") } },
  ],
  [
    "a week later: the window moves on",
    { wish: laterDrift("2001-06-11"), branch, pull: pull("open") },
    { push: true, pull: 44, memory: { window: upTo("2001-06-11"), checked: null } },
  ],
  [
    "a config that changed on the default branch",
    { branch: { ...branch, stale: true }, pull: pull("open") },
    { push: true, pull: 44, memory: { checked: null } },
  ],
  [
    "a branch that people committed to",
    { branch: { ...branch, edited: true }, pull: pull("open") },
    nothing("people have committed to the branch: it is left to them (#44)"),
  ],
  [
    "the same when the drift is gone",
    { wish: gone, branch: { ...branch, edited: true }, pull: pull("open") },
    nothing("people have committed to the branch: it is left to them (#44)"),
  ],
  [
    "a branch of people without a pull request",
    { branch: { ...branch, edited: true } },
    nothing("people have committed to the branch: it is left to them"),
  ],
  [
    "one of people that was merged and left behind",
    { branch: { ...branch, edited: true, window: null }, pull: pull("merged") },
    { action: "propose", push: true },
  ],
  [
    "no drift any more",
    { wish: gone, branch, pull: pull("open") },
    { action: "close", pull: 44, reason: "the drift is gone", memory: { obsolete: true } },
  ],
  ["no drift and nothing open", { wish: gone, pull: pull("closed") }, nothing("the drift is gone")],
  [
    "undecided",
    { wish: { kind: "undecided", why: "too few rows" }, branch, pull: pull("open") },
    nothing("too few rows"),
  ],
  [
    "merged already",
    { main: upTo("2001-06-04"), branch, pull: pull("open") },
    { action: "close", reason: "its window reaches to 2001-06-04 already" },
  ],
  ["moved by hand nearly as far", { main: upTo("2001-06-01") }, nothing("its window reaches to 2001-06-01 already")],
  ["no window to move", { main: null }, nothing("its config has no window that could be moved")],
  [
    "rolled back with a window up to a day before",
    { rolledBack: [{ version: 3, window: upTo("2001-06-03") }], branch, pull: pull("open") },
    { action: "close", reason: "v3, trained up to 2001-06-03, was rolled back" },
  ],
  ["rolled back a step ago", { rolledBack: [{ version: 3, window: upTo("2001-05-28") }] }, { action: "propose" }],
  [
    "the very definition was rolled back",
    { registered: { version: 4, rolledBack: true } },
    nothing("v4 is this already and was rolled back"),
  ],
  [
    "the very definition is a version",
    { registered: { version: 4, rolledBack: false } },
    nothing("v4 is this already"),
  ],
  [
    "declined, as severe as before",
    { wish: laterDrift("2001-07-01", 4.4), pull: pull("closed") },
    nothing("#44 was declined: drift has not grown by half since"),
  ],
  [
    "declined, grown by half",
    { wish: laterDrift("2001-06-05", 4.5), pull: pull("closed") },
    { action: "propose", pull: null },
  ],
  ["declined for an earlier version", { wish: wish({ version: 3 }), pull: pull("closed") }, { action: "propose" }],
  [
    "declined by schedule, now it drifts",
    { pull: pull("closed", { reason: "schedule", severity: 0 }) },
    { action: "propose" },
  ],
  [
    "by schedule, declined less than a step ago",
    { wish: bySchedule("2001-06-05"), pull: pull("closed", { reason: "schedule" }) },
    nothing("#44 was declined less than a step ago"),
  ],
  [
    "by schedule, declined a step ago",
    { wish: bySchedule("2001-06-11"), pull: pull("closed", { reason: "schedule" }) },
    { action: "propose", memory: { reason: "schedule" } },
  ],
  ["by schedule in steps smaller than the drift window", { wish: bySchedule("2001-04-04") }, { action: "propose" }],
  [
    "closed as obsolete, drifting again",
    { pull: pull("closed", { obsolete: true }) },
    { action: "propose", pull: null },
  ],
  ["merged, and drifting again later", { main: upTo("2001-05-01"), pull: pull("merged") }, { action: "propose" }],
])("%s", (_title, over, expected) => {
  expect(decideRetrain(facts(over))).toMatchObject(expected);
});
