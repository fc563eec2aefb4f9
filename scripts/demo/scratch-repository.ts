import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { editWindow, type WrittenWindow } from "../../pipelines/watch/retrain/retrain-window.ts";

const product = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Who acts in the scratch repositories: a fresh machine has no git identity yet. */
export const stageEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  GIT_AUTHOR_NAME: "Ada Demo",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada Demo",
  GIT_COMMITTER_EMAIL: "ada@example.org",
};

const data = [
  "@observablehq/sample-datasets/diamonds.csv",
  "vega-datasets/data/flights-3m.parquet",
  "vega-datasets/data/birdstrikes.csv",
];

export interface Scratch {
  /** The product's own folder, whose commands are played. */
  product: string;
  repository: string;
  registryCheckout: string;
}

/** A new repository with the shipped models and a bare origin, under the system's temporary folder. */
export async function prepareScratch(): Promise<Scratch> {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-demo-"));
  const repository = join(folder, "repository");
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", args, { cwd, env: stageEnvironment, stdio: ["ignore", "ignore", "inherit"] });
  git(folder, "init", "-q", "--bare", "--initial-branch=main", "origin.git");
  git(folder, "init", "-q", "--initial-branch=main", "repository");
  git(repository, "remote", "add", "origin", "../origin.git");
  cpSync(join(product, "models"), join(repository, "models"), { recursive: true });
  mkdirSync(join(repository, "data"));
  for (const file of data)
    copy(join(product, "node_modules", file), join(repository, "data", file.split("/").at(-1) ?? file));
  writeFileSync(join(repository, "mergeml.yaml"), "data: [data]\n");
  writeFileSync(join(repository, ".gitignore"), "data/\n");
  git(repository, "add", ".");
  git(repository, "commit", "-qm", "Add three models");
  git(repository, "push", "-qu", "origin", "main");
  return { product, repository, registryCheckout: join(folder, "registry") };
}

/** A hard link costs nothing; another file system needs a copy. */
function copy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

/** Moves `features.window` of a model's config, as a retrain does. */
export function moveDataWindow(repository: string, model: string, window: WrittenWindow): void {
  const file = join(repository, "models", model, "model.yaml");
  writeFileSync(file, editWindow(readFileSync(file, "utf8"), file, window));
}

/** Replaces the `params:` line of a model's config. */
export function editParams(repository: string, model: string, params: string): void {
  const file = join(repository, "models", model, "model.yaml");
  const before = readFileSync(file, "utf8");
  const after = before.replace(/^params: .*$/m, `params: ${params}`);
  if (after === before) throw new Error(`no other params in ${file}`);
  writeFileSync(file, after);
}

/** Plays commands before the audience: each is printed, run for real, and its exit code checked. */
export interface Stage {
  say(text: string): void;
  chapter(title: string): void;
  mergeml(line: string, options?: { expect?: number; quiet?: boolean }): void;
  git(line: string, ...rest: (string | { in: string })[]): void;
}

export function openStage({ product, repository }: Scratch): Stage {
  const play = (shown: string, program: string, args: string[], cwd: string, expect: number, quiet: boolean) => {
    process.stdout.write(`\n$ ${shown}\n`);
    const { status, error } = spawnSync(program, args, {
      cwd,
      env: stageEnvironment,
      stdio: ["ignore", quiet ? "ignore" : "inherit", "inherit"],
      timeout: 300_000,
    });
    if (error) throw error;
    if (status !== expect) throw new Error(`\`${shown}\` exited with ${status}, expected ${expect}`);
    if (expect !== 0) process.stdout.write(`(exit code ${status})\n`);
  };
  return {
    say: (text) => process.stdout.write(`${text}\n`),
    chapter: (title) =>
      process.stdout.write(`\n\u2500\u2500 ${title} ${"\u2500".repeat(Math.max(0, 90 - title.length))}\n`),
    mergeml: (line, { expect = 0, quiet = false } = {}) =>
      play(`mergeml ${line}`, join(product, "scripts", "mergeml"), line.split(" "), repository, expect, quiet),
    git: (line, ...rest) => {
      const words = rest.filter((each) => typeof each === "string");
      const place = rest.find((each) => typeof each === "object")?.in ?? repository;
      const shown = ["git", line, ...words.map((word) => `"${word}"`)].join(" ");
      play(shown, "git", [...line.split(" "), ...words], place, 0, false);
    },
  };
}
