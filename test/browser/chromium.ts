import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

/** The system's Chromium. In CI tests run as root, for whom its sandbox does not start; the pages are our own. */
export function startChromium(): Promise<Browser> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"]; // as scripts/install-browser.sh looks for them
  const executablePath =
    names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync) ?? names[0]!;
  return chromium.launch({
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0,
    args: ["--disable-dev-shm-usage"],
  });
}

/** What axe finds wrong, one line each: rule, where, why. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // By the debugger, as the page's own policy allows no script of others.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<Judged>("axe.run(document)");
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}

interface Judged {
  violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
}
