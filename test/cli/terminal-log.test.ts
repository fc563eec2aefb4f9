import { afterEach, describe, expect, it, vi } from "vitest";
import { textWidth } from "../../pipelines/report/terminal/text-table.ts";
import { terminalLog } from "../../scripts/cli/terminal-log.ts";

function capture(isTTY: boolean, columns = 80) {
  let text = "";
  return { stream: { isTTY, columns, write: (more: string) => (text += more) }, text: () => text };
}

describe("terminalLog", () => {
  afterEach(() => void vi.useRealTimers());

  it("draws a bar on a terminal and replaces it by the closing line", async () => {
    const { stream, text } = capture(true);
    await terminalLog(stream, false).step(
      "train",
      async (step) => step.update(0.5, "50/100"),
      () => "rmse 1.5",
    );
    expect(text()).toContain("██████████░░░░░░░░░░  50/100");
    expect(text().split("\u001b[K").at(-1)).toMatch(/^ {2}train {6}rmse 1\.5 +\d+\.\d s\n$/);
  });

  it("prints one plain line per step elsewhere", async () => {
    const { stream, text } = capture(false);
    await terminalLog(stream, false).step(
      "train",
      async (step) => step.update(0.5, "50/100"),
      () => "rmse 1.5",
    );
    expect(text()).toMatch(/^ {2}train {6}rmse 1\.5 +\d+\.\d s\n$/);
  });

  it("says which step failed and passes the error on", async () => {
    const { stream, text } = capture(false);
    const failing = terminalLog(stream, false).step("train", async () => Promise.reject(new Error("no rows")));
    await expect(failing).rejects.toThrow("no rows");
    expect(text()).toBe("  train      failed\n");
  });

  it("is silent when machines read", async () => {
    const { stream, text } = capture(true);
    const log = terminalLog(stream, true);
    log.info("hello");
    await log.step("train", async () => 1);
    expect(text()).toBe("");
  });

  it("estimates the rest from the pace since the first sign of progress", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { stream, text } = capture(true);
    await terminalLog(stream, false).step("train", async (step) => {
      step.update(0.2, "20/100"); // what was there before says nothing of the pace
      vi.advanceTimersByTime(1_000);
      step.update(0.25, "25/100");
      expect(text()).not.toContain("left");
      vi.advanceTimersByTime(9_000);
      step.update(0.4, "40/100");
    });
    expect(text()).toContain("████████░░░░░░░░░░░░  30 s left  40/100");
  });

  it("estimates on plain lines, too", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { stream, text } = capture(false);
    await terminalLog(stream, false).step("train", async (step) => {
      step.update(0, "0/100");
      vi.advanceTimersByTime(20_000);
      step.update(0.1, "10/100");
    });
    expect(text()).toContain("  train      … 10% 10/100  3 min left\n");
  });

  it("draws and tells no more than a narrow screen holds, whatever the characters", async () => {
    const { stream, text } = capture(true, 40);
    await terminalLog(stream, false).step(
      "train",
      async (step) => step.update(0.5, `50/100  ${"日本語".repeat(20)}`),
      () => "rmse 29.52 (production v2: 29.61), better than production on 369,478 rows",
    );
    expect(text()).toContain("████░░░░  50/100");
    const drawn = text()
      .replaceAll("\u001b[K", "")
      .split(/[\r\n]/);
    for (const line of drawn) expect(textWidth(line), line).toBeLessThanOrEqual(40);
    expect(drawn.filter((line) => line !== "").slice(1)).toEqual([
      "  train      rmse 29.52 (production v2:",
      "             29.61), better than",
      "             production on 369,478 rows",
      expect.stringMatching(/^ {13}\d+\.\d s$/),
    ]);
  });
});
