import { posix } from "node:path";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { dashboardPages } from "../../../pipelines/report/dashboard/dashboard-pages.ts";
import { dashboardModel, fewModels, hostileDashboard, longModel } from "./dashboard-cases.ts";

interface Link {
  getAttribute(name: string): string;
}

function linksIn(page: string): string[] {
  const { document } = parseHTML(page) as unknown as {
    document: { querySelectorAll(selector: string): Iterable<Link> };
  };
  return [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href"));
}

test("every link leads to a page of the site, to a place in it, or to the forge; none begins at the root", () => {
  const pages = dashboardPages(fewModels());
  for (const [path, page] of pages)
    for (const href of linksIn(page)) {
      if (href.startsWith("https://forge.example/") || href.startsWith("#")) continue;
      expect(href.startsWith("/")).toBe(false);
      expect([...pages.keys()], `${href} in ${path}`).toContain(posix.join(posix.dirname(path), href));
    }
});

test("what needs a person stands on top", () => {
  const page = dashboardPages(fewModels()).get("index.html")!;
  const names = [...page.matchAll(/<a href="models\/([\w-]+)\.html">/g)].map(([, name]) => name);
  expect(names).toEqual(["flight-delay", "bird-strike", "penguins", "diamond-price"]);
  expect(page).toContain("3 need a person");
  expect(page).toContain("drifting");
});

test("the first page of 200 models with 50 versions has at most 300 kB", () => {
  const [model] = longModel(50, 0).models;
  const models = Array.from({ length: 200 }, (_, at) => ({
    ...model!,
    status: { ...model!.status, model: `flight-delay-${at}` },
  }));
  const pages = dashboardPages({ ...fewModels(), models });
  expect(Buffer.byteLength(pages.get("index.html")!)).toBeLessThan(300_000);
  expect(pages.size).toBeGreaterThan(200);
});

test.each([
  ["an element", '<img src=x onerror="document.title=1">'],
  ["the end of a script", '</script><script>document.title="x"</script>'],
  ["right to left", "\u202eevil"],
  ["five hundred characters", "long ".repeat(100)],
])("%s in every place is text", (_, text) => {
  for (const page of dashboardPages(hostileDashboard(text)).values()) {
    expect(page.match(/<script/g)!.length).toBe(page.match(/<\/script>/g)!.length);
    expect(page.replaceAll(/<script.*?<\/script>/gs, "")).not.toMatch(/<img|\u202e|<script/);
    for (const block of page.matchAll(/<script type="application\/json"[^>]*>(.*?)<\/script>/gs)) JSON.parse(block[1]!);
  }
});

test("a dataset's page tells which models use it, and in what", () => {
  const pages = dashboardPages({
    ...fewModels(),
    models: [dashboardModel("diamond-price"), dashboardModel("flight-delay")],
  });
  const page = pages.get("data/fp-train2.html")!;
  expect(linksIn(page)).toEqual(
    expect.arrayContaining(["../models/diamond-price.html", "../models/flight-delay.html"]),
  );
  expect(page).toContain("● in production");
  expect(pages.get("views/airports.html")).toContain("flight-delay");
});

test("names that differ have pages of their own, below the site, whatever stands in them", () => {
  const names = ["a/b", "a.b", "a-b", "../../etc", "..", "\u202eevil", "x".repeat(500), `${"x".repeat(500)}y`];
  const versions = dashboardModel("m").versions.map((each) => ({ ...each, views: names }));
  const pages = dashboardPages({ ...fewModels(), models: [dashboardModel("m", { versions })] });
  const paths = [...pages.keys()].filter((path) => path.startsWith("views/"));
  expect(paths).toHaveLength(names.length);
  for (const path of paths) expect(path).toMatch(/^views\/[A-Za-z0-9-]{1,80}\.html$/);
  for (const href of linksIn(pages.get("models/m.html")!).filter((each) => each.includes("views/")))
    expect(paths).toContain(posix.join("models", href));
});

test("a model stands with its version in each environment", () => {
  const page = dashboardPages(fewModels()).get("index.html")!;
  expect(page).toMatch(/<th scope="col"><bdi>staging<\/bdi><\/th><th scope="col"><bdi>canary<\/bdi><\/th>/);
  expect(page).toMatch(/diamond-price<\/a>.*v5 in production.*data-header="staging">v6<.*data-header="canary">–</);
});
