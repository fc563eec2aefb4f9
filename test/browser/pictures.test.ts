import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardPages } from "../../pipelines/report/dashboard/dashboard-pages.ts";
import type { DashboardFacts } from "../../pipelines/report/dashboard/data-pages.ts";
import { driftPage } from "../../pipelines/report/html/drift-page.ts";
import { reportPage } from "../../pipelines/report/html/report-page.ts";
import { fewModels, hostileDashboard, longModel } from "../report/dashboard/dashboard-cases.ts";
import { driftCases } from "../report/drift-cases.ts";
import { hostileEntries } from "../report/hostile-entries.ts";
import { classified, regressed } from "../report/html/pictured.ts";
import { accessibilityFaults, startChromium } from "./chromium.ts";
import { expectPicture, mostOthers, shareOfOthers } from "./expect-picture.ts";
import { openPage, overflow } from "./open-page.ts";

const looks: [string, BrowserContextOptions][] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["phone", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
];

describe("reports and the dashboard, opened from a disk in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-pictures-"));
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function write(path: string, text: string): string {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return pathToFileURL(file).href;
  }

  function site(name: string, facts: DashboardFacts): string {
    for (const [path, text] of dashboardPages(facts)) write(`${name}/${path}`, text);
    return pathToFileURL(join(folder, name)).href;
  }

  const opened = (url: string, options: BrowserContextOptions = {}) =>
    openPage(browser, url, { deviceScaleFactor: 0.6, ...options });

  it.each(looks)(
    "a candidate, %s: axe finds nothing, nothing is asked for, nothing is too wide",
    async (name, options) => {
      const entries = name === "dark" ? [classified] : [regressed, classified];
      const url = write("report.html", await reportPage({ entries, histories: entries.map(() => []) }));
      await using opening = await opened(url, { ...options, javaScriptEnabled: name !== "phone" });
      const { page, asked, complaints } = opening;
      await expectPicture(page, `report-${name}`);
      expect([asked, complaints]).toEqual([[url], []]);
      if (name === "phone") return; // whether it is too wide is asked with a script
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await accessibilityFaults(page)).toEqual([]);
    },
  );

  it.each(looks)("drift, %s", async (name, options) => {
    const url = write("drift.html", await driftPage({ models: driftCases.lasting! }));
    await using opening = await opened(url, options);
    await expectPicture(opening.page, `drift-${name}`);
    expect([opening.asked, opening.complaints]).toEqual([[url], []]);
    expect(await overflow(opening.page)).toBeLessThanOrEqual(0);
    expect(await accessibilityFaults(opening.page)).toEqual([]);
  });

  it.each(looks)(
    "the dashboard, %s: search, a model, two versions side by side, by keyboard",
    async (name, options) => {
      const root = site("few", fewModels());
      await using opening = await opened(`${root}/index.html`, options);
      const { page, complaints } = opening;
      await expectPicture(page, `dashboard-${name}`);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.getByLabel("Search").fill("drifting");
      expect(await page.locator("#models tbody tr:visible").count()).toBe(1);
      await page.locator("#models tbody a:visible").focus();
      await page.keyboard.press("Enter");
      await page.waitForURL("**/models/flight-delay.html");
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      if (name === "light") await expectPicture(page, `model-${name}`);
      await page.locator("#left").selectOption("2");
      expect(await page.locator("#compared tbody tr.differs").first().innerText()).toContain("2026");
      expect(page.url()).toContain("compare=2-5");
      await page.locator("#lines").focus();
      const places = "[scrollY, document.getElementById('lines').scrollLeft]";
      const before = await page.evaluate(places);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowRight");
      await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
      expect(await page.evaluate(places)).toEqual(before);
      expect(await page.locator("#trial").innerText()).toMatch(/^Trial 6 of 30: .*, rmse 29\.2837$/);
      expect(complaints).toEqual([]);
    },
  );

  it("a picture that is another one is found", async () => {
    await using opening = await opened(`${site("few", fewModels())}/index.html`, { colorScheme: "light" });
    const { page } = opening;
    const others = async (name: string) => shareOfOthers(page, await page.screenshot(), name);
    expect(await others("dashboard-light")).toBeLessThan(mostOthers);
    for (const name of ["dashboard-dark", "dashboard-phone", "report-light", "drift-light"])
      expect(await others(name), name).toBeGreaterThan(mostOthers);
    const url = write("shown.html", await reportPage({ entries: [regressed, classified], histories: [[], []] }));
    await page.goto(url);
    expect(await others("report-light")).toBeLessThan(mostOthers);
    await page.evaluate("document.querySelector('.figures').remove()");
    expect(await others("report-light")).toBeGreaterThan(mostOthers);
  });

  it("below a path of a server: each link leads to a page, and nothing else is asked for", async () => {
    const pages = dashboardPages(fewModels());
    const server = createServer((request, response) => {
      const page = pages.get(request.url!.replace("/acme/models/", ""));
      const policy = {
        "content-security-policy":
          "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:",
      };
      response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", ...policy }).end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/models`;
    try {
      await using opening = await opened(`${root}/index.html`);
      const { page, asked, complaints } = opening;
      await page.getByRole("link", { name: "flight-delay" }).click();
      await page.getByRole("link", { name: "airports" }).click();
      await page.getByRole("link", { name: "flight-delay" }).first().click();
      await page.getByRole("link", { name: "All models" }).click();
      await page.getByLabel("Search").fill("penguins");
      expect(await page.locator("#models tbody tr:visible").count()).toBe(1);
      expect(asked.every((each) => each.startsWith(`${root}/`))).toBe(true);
      expect([asked.length, complaints]).toEqual([5, []]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("a deep link shows what was looked for", async () => {
    await using opening = await opened(`${site("few", fewModels())}/index.html#q=penguins`);
    expect(await opening.page.locator("#models tbody tr:visible").count()).toBe(1);
  });

  it.each(looks)(
    "every page of the site, %s: axe finds nothing, nothing is asked for, nothing is too wide",
    async (_, options) => {
      const root = site("few", fewModels());
      for (const path of dashboardPages(fewModels()).keys()) {
        await using opening = await opened(`${root}/${path}`, options);
        expect(await overflow(opening.page), path).toBeLessThanOrEqual(0);
        expect(await accessibilityFaults(opening.page), path).toEqual([]);
        expect([opening.asked, opening.complaints]).toEqual([[`${root}/${path}`], []]);
      }
    },
  );

  it.each(["index.html", "models/flight-delay.html"])(
    "%s: tabs lead to all that can be used, and out again",
    async (path) => {
      await using opening = await opened(`${site("few", fewModels())}/${path}`);
      const { page } = opening;
      const usable = "a[href], input, select, button:not(:disabled), summary, [tabindex='0']";
      const wanted = await page.locator(usable).locator("visible=true").count();
      const reached = new Set<string>();
      for (let at = 0; at <= wanted; at += 1) {
        await page.keyboard.press("Tab");
        const place = `[...document.querySelectorAll("*")].indexOf(document.activeElement)`;
        const isMarked = `document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== "none"`;
        reached.add(String(await page.evaluate(place)));
        expect(await page.evaluate(isMarked)).toBe(true);
      }
      expect(reached.size).toBeGreaterThanOrEqual(wanted);
    },
  );

  it.each(["index.html", "models/flight-delay.html"])("on paper nothing of %s is cut off", async (path) => {
    const options = { viewport: { width: 720, height: 1000 } };
    await using opening = await opened(`${site("few", fewModels())}/${path}`, options);
    await opening.page.emulateMedia({ media: "print" });
    expect(await overflow(opening.page)).toBeLessThanOrEqual(0);
  });

  it("at 1200 pixels the table of models shows what comes next", async () => {
    await using opening = await opened(`${site("few", fewModels())}/index.html`);
    const hidden = "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.scroll'))";
    expect(await opening.page.evaluate(hidden)).toBeLessThanOrEqual(0);
  });

  it("on paper a report is black on white, and nothing of it is cut off", async () => {
    const url = write("paper.html", await reportPage({ entries: [regressed], histories: [[]] }));
    await using opening = await opened(url, { colorScheme: "dark", viewport: { width: 720, height: 1000 } });
    const { page } = opening;
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(0, 0, 0)");
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: join(import.meta.dirname, "../../.cache/browser/paper.png"), fullPage: true });
  });

  it.each([
    `<img src=x onerror="document.title='ran'">`,
    `</script><script>document.title='ran'</script>`,
    "\u202eright to left",
    "../../a/b",
    "long ".repeat(100),
  ])("%s runs nowhere", async (text) => {
    const entries = hostileEntries([text, `${text}2`, `3${text}`, `${text}4`, `${text}5`, `${text}6`, `${text}7`]);
    const report = write("hostile.html", await reportPage({ entries, histories: entries.map(() => []) }));
    const root = site("hostile", hostileDashboard(text));
    await using opening = await opened(report, { viewport: { width: 390, height: 844 } });
    const { page, asked, complaints } = opening;
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.goto(`${root}/models/hostile.html`);
    await page.locator("#left").selectOption("1");
    expect(await page.title()).toBe("hostile");
    expect(await page.locator("img").count()).toBe(0);
    const spilt = `[...document.querySelectorAll(".paged bdi")].filter((each) =>
      each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX === "visible").length`;
    expect(await page.evaluate(spilt)).toBe(0);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect([asked.length, complaints]).toEqual([2, []]);
  });

  it("days and times of a model's tables stay on their lines at 390 pixels", async () => {
    const url = `${site("few", fewModels())}/models/flight-delay.html`;
    await using opening = await opened(url, { viewport: { width: 390, height: 844 } });
    const lines = "[...document.querySelectorAll('tbody th time')].map((each) => each.getClientRects().length)";
    const heights = await opening.page.evaluate<number[]>(lines);
    expect(heights.length).toBeGreaterThan(8);
    expect(new Set(heights)).toEqual(new Set([1]));
  });

  it("10,000 runs and 5,000 versions answer at once", async () => {
    const url = `${site("long", longModel(5_000, 10_000))}/models/flight-delay.html`;
    await using opening = await opened(url);
    const { page } = opening;
    const filter = page.locator("[data-paged=runs] input");
    await filter.fill("trees 77,");
    const status = page.locator("[data-paged=runs] [role=status]");
    await expect.poll(() => status.innerText()).toBe("1 to 100 of 100"); // 77, 177, 277 …
    const touched = `(() => {
      const box = document.querySelector("[data-paged=runs] input");
      const observer = new MutationObserver(() => {});
      observer.observe(document.body, { subtree: true, childList: true, attributes: true });
      box.value = "tree";
      box.dispatchEvent(new Event("input"));
      const moved = observer.takeRecords().flatMap(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes]);
      return moved.length;
    })()`;
    expect(await page.evaluate<number>(touched)).toBeLessThanOrEqual(300); // of 10,000 rows those that are seen, or were
    await filter.fill("");
    await page.locator("[data-paged=runs] [data-step='1']").click();
    expect(await status.innerText()).toBe("101 to 200 of 10000");
    expect(await page.locator("*").count()).toBeLessThan(25_000);
  });
});
