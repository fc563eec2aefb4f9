import { rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { startChromium } from "../../../test/browser/chromium.ts";
import { alone, type Measurement, medianOf, type Row } from "../measure.ts";
import { inScratch, multiplied } from "./stage.ts";

/** How long a dashboard of 200 models with 50 versions each takes to build, and to open in a browser. */
export async function dashboardRows(add: (row: Row) => void): Promise<void> {
  await inScratch(
    async (run, { repository }) => {
      const site = join(dirname(repository), "site");
      const build = () => run("dashboard", "--output", site);
      const told = ({ seconds, processor, mebibytes }: Measurement) => [
        { value: seconds, unit: "s", most: 5 },
        { value: processor, unit: "CPU s" },
        { value: mebibytes, unit: "MiB" },
      ];
      const first = medianOf(3, () => {
        rmSync(join(repository, ".mergeml", "cache", "dashboard"), { recursive: true, force: true });
        return build();
      });
      add(alone("`dashboard`, 200 models × 50 versions, nothing remembered", told(first)));
      add(alone("`dashboard` again", told(medianOf(3, build))));
      const index = join(site, "index.html");
      await using browser = await startChromium();
      const page = [
        { value: await interactive(browser, index, "#search"), unit: "s", most: 1 },
        { value: statSync(index).size / 1000, unit: "kB", most: 300 },
      ];
      add(alone("its first page in Chromium, until a letter is looked for", page));
      const model = join(site, "models", "flats-1.html");
      const filtered = await interactive(browser, model, "[data-paged=versions] input");
      add(alone("a model's page, until a letter is looked for", [{ value: filtered, unit: "s", most: 1 }]));
    },
    () => multiplied(200, 50),
  );
}

/** Seconds from the address to a typed letter that has been looked for, the median of five new contexts. */
async function interactive(browser: Browser, file: string, box: string): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const start = performance.now();
    await page.goto(pathToFileURL(file).href);
    await page.locator(box).fill("1");
    times.push((performance.now() - start) / 1000);
    await context.close();
  }
  return times.toSorted((a, b) => a - b)[2]!;
}
