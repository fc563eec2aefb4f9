import { readFileSync } from "node:fs";
import type { Html } from "../page/html.ts";
import { pageText } from "../page/page.ts";
import { type DashboardFacts, type DashboardModel, dataPages } from "./data-pages.ts";
import { indexBody } from "./index-page.ts";
import { modelBody } from "./model-page.ts";

const style = readFileSync(new URL("./dashboard.css", import.meta.url), "utf8");
const script = readFileSync(new URL("./dashboard.js", import.meta.url), "utf8");

/**
 * The pages of a static site by their paths. Links are relative, so that it works below any path, and from a disk. `made` are pages
 * of models by name.
 */
export function dashboardPages(
  facts: DashboardFacts,
  made: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const pages = new Map([["index.html", sitePage("Models", indexBody(facts))]]);
  for (const model of facts.models) {
    const { model: name } = model.status;
    pages.set(`models/${name}.html`, made.get(name) ?? modelPage(facts, model)); // names of models are plain: letters, digits and dashes
  }
  for (const { path, title, body } of dataPages(facts)) pages.set(path, sitePage(title, body));
  return pages;
}

/** The page of one model. */
export function modelPage(site: Pick<DashboardFacts, "web">, model: DashboardModel): string {
  return sitePage(model.status.model, modelBody(site, model));
}

function sitePage(title: string, body: Html): string {
  return pageText({ title, style, body, script });
}
