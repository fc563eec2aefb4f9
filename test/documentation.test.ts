import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../scripts/commands/index.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

test("links between pages, and to headings in them, lead somewhere", () => {
  const broken = pages().flatMap((page) =>
    linksOf(read(page))
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("the README fits on three screens", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(121);
});

test("the index lists every page of docs/", () => {
  const listed = linksOf(read("docs/README.md"));
  const unlisted = readdirSync(join(root, "docs")).filter(
    (page) => page.endsWith(".md") && page !== "README.md" && !listed.includes(page),
  );
  expect(unlisted).toEqual([]);
});

test("docs/commands.md has every command", () => {
  const page = read("docs/commands.md");
  expect(Object.keys(commands).filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});

/** Markdown files of the repository, but not those inside installed packages or of scratch folders. */
function pages(): string[] {
  return ["", "docs", "actions", ".github", "models", "models/examples"].flatMap((folder) =>
    (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [])
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  );
}

/** Targets of links that are relative; code blocks are left out. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^\s*```.*?^\s*```/gms, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : relative(root, join(root, dirname(page), path));
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}
