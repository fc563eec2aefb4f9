import { describe, expect, it } from "vitest";
import { terminalLog } from "../../scripts/cli/terminal-log.ts";

function capture(isTTY: boolean) {
  let text = "";
  return { stream: { isTTY, columns: 80, write: (more: string) => (text += more) }, text: () => text };
}

describe("terminalLog", () => {
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
});
