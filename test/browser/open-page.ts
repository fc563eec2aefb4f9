import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A page in a context of its own, with what it asked for and complained about. */
export interface OpenPage extends AsyncDisposable {
  page: Page;
  asked: string[];
  complaints: string[];
}

/** Opens a page, and collects what it asks for and complains about. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const [asked, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, asked, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** By how many pixels a page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
