import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { canonicalJson, sha256 } from "../config/canonical-json.ts";

const pipelines = join(import.meta.dirname, "..");

const engine = "data/engines/engines.ts"; // a step gets it handed in

/** Where the code of each cached step begins: what these modules run, and what that runs, made its result. */
const beginnings = {
  features: [engine, "data/build-features.ts"],
  train: ["candidate/train-candidate.ts", "training/trainers.ts"],
  evaluate: [engine, "candidate/score-candidate.ts"],
  explain: [engine, "candidate/score-candidate.ts"],
  trial: [engine, "candidate/search/score-trial.ts", "training/trainers.ts", "candidate/search/trial-process.ts"],
  dashboard: ["report/dashboard/listed-version.ts"],
  scores: ["report/dashboard/listed-version.ts"],
  drift: [engine, "watch/check-drift-window.ts", "watch/window-inputs.ts"],
  plan: ["workspace/plan-memory.ts"],
  "live-evidence": [engine, "watch/promotion/collect-evidence.ts", "watch/window-inputs.ts"],
} as const;

type CodedStep = keyof typeof beginnings;

/** What `stepDigests` gave when the release was made, whose sources are not there to be read. */
declare const packagedStepDigests: Readonly<Record<string, string>> | undefined;
const packaged = typeof packagedStepDigests === "undefined" ? {} : packagedStepDigests;

/** Which digest the code of a step has; null for what only remembers. It is read when it is first asked for. */
export type CodeOf = (step: string) => string | null;

let running: CodeOf | undefined;

/** The code that runs: this checkout's, or the release it was bundled into. A process runs what it loaded: that is read once. */
export function stepCode(folder = pipelines): CodeOf {
  if (folder !== pipelines) return codeIn(folder);
  running ??= codeIn(folder);
  return running;
}

function codeIn(folder: string): CodeOf {
  const known = new Map<string, string>();
  const read = sourceReader();
  return (step) => {
    if (!Object.hasOwn(beginnings, step)) return null;
    const digest = packaged[step] ?? known.get(step) ?? digestOf(folder, beginnings[step as CodedStep], read);
    known.set(step, digest);
    return digest;
  };
}

/** The digest of each cached step's code, by step: a release has those of the sources that it was made of. */
export function stepDigests(): Readonly<Record<string, string | null>> {
  const codeOf = stepCode();
  return Object.fromEntries(Object.keys(beginnings).map((step) => [step, codeOf(step)]));
}

/** Of the modules and the versions of the libraries they use. */
function digestOf(folder: string, starts: readonly string[], read: Read): string {
  const code = modulesFrom(starts, folder, read).map((file) => [relative(folder, file), read(file)?.hash ?? null]);
  return sha256(canonicalJson({ dependencies: packageJson.dependencies, code }));
}

/** The modules that these load, and those that they load, sorted: by imports, in processes and threads of their own, as data. */
export function modulesFrom(starts: readonly string[], folder = pipelines, read: Read = sourceReader()): string[] {
  const found = new Set<string>();
  const open = starts.map((start) => join(folder, start));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const source = found.has(file) ? null : read(file);
    if (!source || basename(file) === "package.json") continue;
    found.add(file);
    for (const path of source.loads) open.push(join(dirname(file), path));
  }
  return [...found].sort();
}

type Read = (file: string) => { hash: string; loads: readonly string[] } | null;

/** Reads each file once; null for one that is not there. */
function sourceReader(): Read {
  const known = new Map<string, ReturnType<Read>>();
  return (file) => {
    if (!known.has(file)) known.set(file, readSource(file));
    return known.get(file)!;
  };
}

function readSource(file: string): ReturnType<Read> {
  try {
    const text = readFileSync(file, "utf8");
    const run = text.replaceAll(/^(import|export) type [^;]*;/gm, ""); // types make no result
    const loads = [...run.matchAll(/["'](\.{1,2}\/[^"'\n]+\.[a-z]+)["']/g)].map((match) => match[1]!);
    return { hash: sha256(text), loads };
  } catch {
    return null;
  }
}
