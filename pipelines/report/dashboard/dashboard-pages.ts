import { readFileSync } from "node:fs";
import type { Html } from "../page/html.ts";
import { pageText } from "../page/page.ts";
import type { DashboardFacts } from "./dashboard-facts.ts";
import { dataPages } from "./data-pages.ts";
import { indexBody } from "./index-page.ts";
import { modelBody } from "./model-page.ts";

const style = readFileSync(new URL("./dashboard.css", import.meta.url), "utf8");
const script = readFileSync(new URL("./dashboard.js", import.meta.url), "utf8");

/** The pages of a static site by their paths. Links are relative, so that it works below any path, and from a disk. */
export function dashboardPages(facts: DashboardFacts): Map<string, string> {
  const pages = new Map<string, string>();
  const add = (path: string, title: string, body: Html) => pages.set(path, pageText({ title, style, body, script }));
  add("index.html", "Models", indexBody(facts));
  for (const model of facts.models) add(modelPath(model.status.model), model.status.model, modelBody(facts, model));
  for (const { path, title, body } of dataPages(facts)) add(path, title, body);
  return pages;
}

/** Names of models are plain: letters, digits and dashes. */
function modelPath(model: string): string {
  return `models/${model}.html`;
}
