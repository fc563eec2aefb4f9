import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { callerWorkflows, registryWorkflow } from "../../pipelines/scaffold/workflow-texts.ts";

const root = join(import.meta.dirname, "../..");

interface Step {
  if?: string;
  uses?: string;
  run?: string;
  shell?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

export interface Job {
  uses?: string;
  permissions?: Record<string, string>;
  "timeout-minutes"?: number | string;
  steps?: Step[];
}

/** A workflow or composite action, as text and as data. */
export interface WorkflowFile {
  file: string;
  text: string;
  permissions?: unknown;
  jobs: Record<string, Job>;
}

function workflow(file: string, text: string): WorkflowFile {
  return { ...(parse(text) as { jobs: Record<string, Job> }), file, text };
}

/** The workflows of this repository, and the one that `mergeml init` puts on the registry branch. */
export const shipped: WorkflowFile[] = [
  ...globSync(".github/workflows/*.yml", { cwd: root })
    .sort()
    .map((path) => workflow(basename(path), readFileSync(join(root, path), "utf8"))),
  workflow("registry.yml", registryWorkflow("registry", { kind: "template" })),
];

const mergeml = { name: "acme/mergeml", ref: "4be91c2f0a1d3b5c7e9f8a6b4d2c0e1f3a5b7c9d", version: "0.1.0" };

/** What `mergeml init` writes into a repository that uses another one's mergeml. */
export const written: WorkflowFile[] = [
  ...Object.entries(callerWorkflows(mergeml, "main", { environments: ["staging", "production"] })).map(([path, text]) =>
    workflow(basename(path), text),
  ),
  workflow("registry.yml", registryWorkflow("registry", { kind: "repository", ...mergeml })),
];

/** Composite actions, in the form of workflows with one job. */
export const composites: WorkflowFile[] = globSync("actions/*/action.yml", { cwd: root }).flatMap((path) => {
  const text = readFileSync(join(root, path), "utf8");
  const { runs } = parse(text) as { runs: { using: string; steps?: Step[] } };
  return runs.using === "composite" ? [{ file: path, text, jobs: { run: { steps: runs.steps ?? [] } } }] : [];
});

export interface PlacedStep extends Step {
  place: string;
}

export function stepsOf(files: readonly WorkflowFile[]): PlacedStep[] {
  return files.flatMap(({ file, jobs }) =>
    Object.entries(jobs).flatMap(([job, { steps = [] }]) =>
      steps.map((step, at) => ({ ...step, place: `${file}, job ${job}, step ${at + 1}` })),
    ),
  );
}
