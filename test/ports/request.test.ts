import { expect, test } from "vitest";
import {
  createOnce,
  type FailedRequest,
  isUnsent,
  retryAfterSeconds,
  sendRepeatedly,
} from "../../pipelines/ports/request.ts";

const failed = (changes: Partial<FailedRequest> = {}): FailedRequest => ({
  error: new Error("gave up"),
  lost: new Error("lost"),
  passing: true,
  unclear: true,
  waitAfter: (attempt) => attempt * 10,
  ...changes,
});

/** Sends what stands in `answers`, one after the other, and tells how long was waited between. */
async function sent(answers: readonly (FailedRequest | { answer: string })[], once = false) {
  const waits: number[] = [];
  const left = [...answers];
  const patience = { attempts: 3, seconds: 25, sleep: async (seconds: number) => waits.push(seconds) };
  const outcome = await sendRepeatedly(async () => left.shift()!, { once, patience }).catch(
    (error: Error) => error.message,
  );
  return { outcome, waits, left: left.length };
}

test.each([
  ["what passes is sent again", [failed(), { answer: "yes" }], false, { outcome: "yes", waits: [10], left: 0 }],
  ["patience ends", [failed(), failed(), failed(), failed()], false, { outcome: "gave up", waits: [10, 20], left: 1 }],
  ["a long wait is not waited", [failed({ waitAfter: () => 26 }), failed()], false, { outcome: "gave up", left: 1 }],
  ["what does not pass is told", [failed({ passing: false }), failed()], false, { outcome: "gave up", left: 1 }],
  ["what may have been done is not done twice", [failed(), { answer: "yes" }], true, { outcome: "lost", left: 1 }],
  [
    "what surely was not is sent again",
    [failed({ unclear: false }), { answer: "yes" }],
    true,
    { outcome: "yes", left: 0 },
  ],
])("%s", async (_title, answers, once, expected) => {
  expect(await sent(answers, once)).toMatchObject(expected);
});

test("what a lost answer made is found, and not made again", async () => {
  let [made, asked] = [0, 0];
  const create = async () => {
    made += 1;
    throw new Error("lost");
  };
  const leavesOpen = (error: unknown) => (error as Error).message === "lost";
  const find = async () => (++asked > 1 ? "it" : null);
  expect(await createOnce<string>({ create, find, leavesOpen, attempts: 3 })).toBe("it");
  expect(made).toBe(2);
  const never = { create, find: async () => null, leavesOpen, attempts: 2 };
  await expect(createOnce(never)).rejects.toThrow("lost");
  await expect(createOnce({ ...never, leavesOpen: () => false })).rejects.toThrow("lost");
  const missing = () => new Error("not shown");
  await expect(createOnce({ ...never, create: async () => null, missing })).rejects.toThrow("not shown");
});

test.each([
  ["3", 3],
  [" 1.5 ", 1.5],
  ["Fri, 27 Nov 2026 10:00:30 GMT", 30],
  ["Fri, 27 Nov 2026 09:00:00 GMT", 0],
  ["soon", null],
  [null, null],
])("Retry-After: %s", (text, seconds) => {
  expect(retryAfterSeconds(text, new Date("2026-11-27T10:00:00Z"))).toBe(seconds);
});

test("a connection that never came about is known, however deep it lies", () => {
  const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
  expect(isUnsent(new TypeError("fetch failed", { cause: new AggregateError([refused]) }))).toBe(true);
  expect(isUnsent(new TypeError("fetch failed", { cause: new Error("other side closed") }))).toBe(false);
});
