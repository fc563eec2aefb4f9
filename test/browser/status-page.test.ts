import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statusPage, statusPageHeaders } from "../../pipelines/serving/page/status-page.ts";
import type { ServingFacts } from "../../pipelines/serving/serving-facts.ts";
import { busyServer, hostileServer, modelFacts, servedVersion, servingFacts } from "../serving/page/facts.ts";
import { post, servedRegistry } from "../serving/served-registry.ts";
import { accessibilityFaults, startChromium } from "./chromium.ts";
import { openPage, overflow } from "./open-page.ts";

const pictures = join(import.meta.dirname, "..", "..", ".cache", "browser");

describe("the status page in Chromium", () => {
  let browser: Browser;
  let facts: ServingFacts;
  let url: string;
  const server = createServer((request, response) => {
    if (request.url !== "/") response.writeHead(404).end();
    else response.writeHead(200, statusPageHeaders).end(statusPage(facts));
  });

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    browser = await startChromium();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    await browser?.close();
    server.closeAllConnections();
    server.close();
  });

  async function opened(shown: ServingFacts, options: BrowserContextOptions = {}) {
    facts = shown;
    return openPage(browser, url, options);
  }

  it.each<[string, BrowserContextOptions]>([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["phone", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
    ["dark-phone", { colorScheme: "dark", viewport: { width: 390, height: 844 } }],
  ])("%s: axe finds nothing, nothing else is asked for, nothing is wider than the window", async (name, options) => {
    await using opening = await opened(busyServer(), options);
    const { page, asked, complaints } = opening;
    await page.screenshot({ path: join(pictures, `status-${name}.png`), fullPage: true });
    expect(asked).toEqual([url]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it.each([1200, 390])("shows hostile names as text at %i px, and runs none of them", async (width) => {
    await using opening = await opened(hostileServer(), { viewport: { width, height: 900 } });
    const { page, asked, complaints } = opening;
    await page.screenshot({ path: join(pictures, `hostile-${width}.png`), fullPage: true });
    expect(await page.title()).toBe("mergeml: 1 of 2 models answers");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("summary .line").first().innerText()).toContain("promoted by <img src=x onerror=");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(asked).toEqual([url]);
    expect(complaints).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it("is read by keyboard alone: a model opens and closes, a wide table is scrolled", async () => {
    await using opening = await opened(busyServer(), { viewport: { width: 390, height: 844 } });
    const { page } = opening;
    const first = page.locator("details").first();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.tagName")).toBe("SUMMARY");
    expect(await first.getAttribute("open")).toBe("");
    await page.keyboard.press("Enter");
    expect(await first.getAttribute("open")).toBeNull();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.evaluate("document.querySelector('.scroll').scrollLeft")).toBeGreaterThan(0);
    expect(await first.locator(".scroll:focus-visible").count()).toBe(1);
  });

  it("of a real server: what was asked, what was answered, and a promotion as it comes", async () => {
    await using served = await servedRegistry();
    const serving = await served.serve();
    const context = await browser.newContext({ colorScheme: "dark" });
    const page = await context.newPage();
    await post(`${serving.url}/models/rent/predict`, [{ id: "<b>7</b>", size: 64, city: "Ulm" }]);
    await page.goto(`${serving.url}/`);
    const answered = page.locator(".model tbody tr").first();
    await expect.poll(() => answered.innerText()).toContain("<b>7</b>");
    expect(await answered.locator(".said").innerText()).toBe("164");
    expect(await page.locator(".version").innerText()).toBe("v1");
    await served.promote(200);
    serving.wake();
    await expect.poll(() => serving.facts().models[0]?.versions[0]?.version, { timeout: 60_000 }).toBe(2);
    await page.getByText("Look again").click();
    await expect.poll(() => page.locator(".version").innerText()).toBe("v2");
    expect(await page.locator(".why").innerText()).toContain("promote(rent): 1 -> 2");
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.screenshot({ path: join(pictures, "served.png"), fullPage: true });
    await context.close();
  });

  it("says the same without a script", async () => {
    await using opening = await opened(busyServer(), { javaScriptEnabled: false });
    expect(await opening.page.locator("details[open]").count()).toBe(3);
    expect(await opening.page.locator("#live").isVisible()).toBe(false);
  });

  it("renews itself, leaves open what was opened, and says when the server is gone", async () => {
    facts = servingFacts([modelFacts("m")]);
    await using opening = await opened(facts);
    const { page, complaints } = opening;
    await page.clock.install();
    await page.reload();
    await page.locator("summary").click();
    await page.evaluate("document.activeElement.blur()");
    facts = servingFacts([modelFacts("m", { versions: [servedVersion("m", 6)] })]);
    await page.clock.runFor(10_100);
    await expect.poll(() => page.locator(".version").innerText()).toBe("v6");
    expect(await page.locator("details[open]").count()).toBe(0);
    expect(await page.locator("#live").isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await page.route("**/*", (route) => route.abort());
    await page.clock.runFor(10_100);
    await expect.poll(() => page.locator("body.stale").count()).toBe(1);
  });
});
