import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { main } from "../scripts/cli/main.ts";
import { isolatedEnvironment } from "./isolated-environment.ts";
import { fromSlowTemplate, fromTemplate } from "./templates.ts";

interface Told {
  code: number;
  stdout: string;
  stderr: string;
}

/** A git repository of models with a bare origin, and the command line in this process. Removed when disposed. */
export interface Scratch extends Disposable {
  folder: string;
  root: string;
  env: Record<string, string | undefined>;
  write(path: string, text: string): void;
  git(...args: string[]): string;
  mergeml(...args: string[]): Promise<Told>;
  /** Runs with `--json`, expects `code`, and gives the facts. */
  facts<T>(args: readonly string[], code?: number): Promise<T>;
  /** A second clone of origin, at `branch`. */
  clone(name: string, branch: string): (...args: string[]) => string;
}

export const modelYaml = (
  changes: { name?: string; params?: string; type?: string; thresholds?: string; features?: string } = {},
) => `
name: ${changes.name ?? "rent"}
description: Monthly rent of a flat
task: regression
type: ${changes.type ?? "gradient-boosting"}
seed: 7
params: ${changes.params ?? "{ trees: 10, max_leaves: 8 }"}
features:
  query: features.sql
  key: id
  target: rent
  split: { by: key, test: 0.3, seed: 7 }
${changes.features ?? "  checks: [ { column: size, between: [10, 200] } ]"}
thresholds:
${changes.thresholds ?? "  primary: rmse\n  first_deploy: { rmse: { max: 200 } }"}
`;

export const featuresSql = "SELECT id, size, rooms, city, rent FROM 'flats.csv'\n";

/** Flats whose rent follows from size, rooms and city, with a fixed pseudo-random error. */
export function flatsCsv(rows = 600): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const size = 20 + ((i * 37) % 101);
    const rooms = 1 + Math.floor(size / 30);
    const city = ["Bonn", "Köln", "Ulm", "Trier"][(i * 13) % 4];
    const noise = ((i * 7919) % 97) - 48;
    return `${i},${size},${rooms},${city},${8 * size + 40 * rooms + 60 * ((i * 13) % 4) + noise}`;
  });
  return ["id,size,rooms,city,rent", ...lines, ""].join("\n");
}

/** What a repository of models starts as: with the model `rent` and a bare origin, unless told otherwise. */
export function makeScratch({ model = true, remote = true }: { model?: boolean; remote?: boolean } = {}): Scratch {
  const key = `repository${model ? "-rent" : ""}${remote ? "-origin" : ""}`;
  return openScratch(fromTemplate(key, (folder) => startRepository(openScratch(folder), { model, remote })));
}

/** With the model `rent` and the branch `registry`. */
export const initialised = () => madeScratch("initialised", makeScratch, (scratch) => scratch.facts(["init"]));

/** With the model `rent` in production as version 1. */
export const deployed = () => madeScratch("deployed", initialised, (scratch) => scratch.facts(["run", "rent"]));

/** `from` as `change` leaves it, made once a run; `key` names all that this depends on. */
export async function madeScratch(
  key: string,
  from: () => Scratch | Promise<Scratch>,
  change: (scratch: Scratch) => Promise<unknown>,
): Promise<Scratch> {
  const folder = await fromSlowTemplate(key, async (made) => {
    using start = await from();
    await change(start);
    cpSync(start.folder, made, { recursive: true });
  });
  return openScratch(folder);
}

function openScratch(folder: string): Scratch {
  const root = join(folder, "repository");
  const env = isolatedEnvironment(folder);
  const run =
    (cwd: string) =>
    (...args: string[]) =>
      execFileSync("git", args, {
        cwd,
        env: env as NodeJS.ProcessEnv,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
  const scratch: Scratch = {
    folder,
    root,
    env,
    git: run(root),
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    async mergeml(...args) {
      let [stdout, stderr] = ["", ""];
      const code = await main(args, {
        env,
        directory: root,
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) },
      });
      return { code, stdout, stderr };
    },
    async facts<T>(args: readonly string[], code = 0) {
      const told = await scratch.mergeml(...args, "--json");
      if (told.code !== code)
        throw new Error(
          `mergeml ${args.join(" ")} exited with ${told.code}, expected ${code}:\n${told.stdout}${told.stderr}`,
        );
      return JSON.parse(told.stdout) as T;
    },
    clone(name, branch) {
      run(folder)("clone", "-q", "--branch", branch, "origin.git", name);
      return run(join(folder, name));
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  return scratch;
}

function startRepository(scratch: Scratch, { model, remote }: { model: boolean; remote: boolean }): void {
  mkdirSync(scratch.root);
  scratch.git("init", "-q", "--initial-branch=main");
  if (model) addModel(scratch);
  scratch.git("add", ".");
  scratch.git("commit", "-q", "--allow-empty", "-m", "Start");
  if (remote) addOrigin(scratch);
}

function addModel(scratch: Scratch): void {
  scratch.write("models/rent/model.yaml", modelYaml());
  scratch.write("models/rent/features.sql", featuresSql);
  scratch.write("data/flats.csv", flatsCsv());
}

function addOrigin({ git }: Scratch): void {
  git("init", "-q", "--bare", "--initial-branch=main", "../origin.git");
  git("remote", "add", "origin", "../origin.git");
  git("push", "-q", "-u", "origin", "main");
}
