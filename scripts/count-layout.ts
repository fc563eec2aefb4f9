import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a newcomer has to find the way through: measured on `pipelines`, `actions` and `scripts`. */
export interface Layout {
  files: number;
  lines: number;
  /** Import statements, of types too, per 1,000 lines. */
  importsPerThousandLines: number;
  /** Directly in `pipelines/`. */
  folders: number;
  /** Borders between those folders that a check of drift crosses, as it loads its code: pairs of an importing and an imported one. */
  bordersOfDrift: number;
  /** Steps that run a pipeline, which is above them: an importing file and the imported one. */
  upward: string[];
  /** Exported names that two or more files define, with those files. */
  twice: Map<string, string[]>;
  /** Files that import themselves by way of others, types left out: each as the way around. */
  cycles: string[][];
}

const importing = /^(?:import|export) (type )?(?:[^;"]*? from )?"([^"]+)"/gm;
const exported = /^export (?:async |abstract )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;

/** Counts the files that git knows in a checkout. */
export function countLayout(root: string): Layout {
  const listed = execFileSync("git", ["ls-files", "pipelines", "actions", "scripts"], { cwd: root, encoding: "utf8" });
  const files = listed.split("\n").filter((file) => file.endsWith(".ts"));
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const lines = sum([...texts.values()].map((text) => text.split("\n").length - 1));
  const imports = sum([...texts.values()].map((text) => [...text.matchAll(/^import\b/gm)].length));
  return {
    files: files.length,
    lines,
    importsPerThousandLines: (1000 * imports) / lines,
    folders: new Set(files.flatMap((file) => /^pipelines\/([^/]+)\//.exec(file)?.[1] ?? [])).size,
    bordersOfDrift: bordersFrom("pipelines/check-drift.ts", texts),
    upward: [...texts].flatMap(([file, text]) => {
      const pipelines = valuesOf(file, text).filter((target) => /^pipelines\/[^/]+$/.test(target));
      return /^pipelines\/[^/]+\//.test(file) ? pipelines.map((target) => `${file} > ${target}`) : [];
    }),
    twice: exportedTwice(texts),
    cycles: findCycles(texts),
  };
}

function bordersFrom(start: string, texts: ReadonlyMap<string, string>): number {
  const folderOf = (file: string) => /^pipelines\/(.*?)\//.exec(file)?.[1] ?? "";
  const [open, seen, borders] = [[start], new Set<string>(), new Set<string>()];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const target of valuesOf(file, texts.get(file) ?? "")) {
      if (!target.startsWith("pipelines/")) continue;
      if (folderOf(file) !== folderOf(target)) borders.add(`${folderOf(file)} > ${folderOf(target)}`);
      open.push(target);
    }
  }
  return borders.size;
}

function exportedTwice(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  const all = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(exported)].map(([, name = ""]) => ({ file, name })),
  );
  const byName = Map.groupBy(all, ({ name }) => name);
  const several = [...byName].filter(([, places]) => places.length > 1);
  return new Map(several.map(([name, places]) => [name, places.map(({ file }) => file)]));
}

function findCycles(texts: ReadonlyMap<string, string>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const target of valuesOf(file, texts.get(file) ?? "")) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of texts.keys()) visit(file, []);
  return found;
}

function valuesOf(file: string, text: string): string[] {
  const all = [...text.matchAll(importing)].filter(([, type, from]) => !type && from?.startsWith("."));
  return all.map(([, , from = ""]) => join(dirname(file), from));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

if (import.meta.main) {
  const { twice, cycles, ...counts } = countLayout(process.cwd());
  console.log({ ...counts, exportedTwice: Object.fromEntries(twice), cycles });
}
