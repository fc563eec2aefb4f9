import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readChecked } from "../../pipelines/candidate/read-bundle.ts";
import type { DriftEntry } from "../../pipelines/drift/model-drift.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { writeAside } from "../../pipelines/workspace/step-cache.ts";
import { downloadArtifacts, uploadFolder } from "../shared/github/artifact.ts";
import type { GitHubContext } from "../shared/github/context.ts";

const prefix = "mergeml-drift-";

const text = { type: "string", maxLength: 1_000 } as const;
const span = { type: "object", required: ["from", "to"], properties: { from: text, to: text } } as const;

const failed = {
  type: "object",
  required: ["model", "outcome", "error"],
  properties: {
    model: { type: "string", pattern: "^[a-z0-9-]{1,200}$" },
    outcome: { const: "error" },
    error: { type: "object", required: ["message"], properties: { message: { type: "string" } } },
  },
} as const;

const checked = {
  type: "object",
  required: [
    "model",
    "outcome",
    "version",
    "window",
    "every",
    "persistent",
    "result",
    "history",
    "reference",
    "labels",
  ],
  properties: {
    model: failed.properties.model,
    outcome: { enum: ["clean", "drift", "too few rows"] },
    version: { type: "integer", minimum: 1 },
    window: span,
    every: { type: "string", pattern: "^[1-9][0-9]{0,3}[hdw]$" },
    persistent: { enum: ["drift", "clean", "undecided"] },
    result: {
      type: "object",
      required: ["outcome", "because", "rows", "share", "features", "predictions", "performance"],
      properties: {
        because: { type: "array", items: { enum: ["features", "prediction", "performance"] } },
        features: { type: "array" },
        predictions: { type: "array" },
      },
    },
    history: { type: "array", maxItems: 100, items: span },
  },
} as const;

/** What an answer relies on; what is only told has its own limits where it is told. */
const schema = { anyOf: [failed, checked] } as const;

/** Uploads what a job found, a file for each model. */
export async function uploadDrift(entries: readonly DriftEntry[]): Promise<void> {
  const [first] = entries;
  if (!first) return;
  const folder = await mkdtemp(join(tmpdir(), "mergeml-drift-"));
  try {
    for (const entry of entries) await writeAside(join(folder, `${entry.model}.json`), `${JSON.stringify(entry)}\n`);
    await uploadFolder({ name: `${prefix}${first.model}`, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the jobs of this run found, by model. One that cannot be used is that model's error. */
export async function downloadDrift(context: GitHubContext): Promise<Map<string, DriftEntry>> {
  const folder = await mkdtemp(join(tmpdir(), "mergeml-drift-"));
  try {
    const found = new Map<string, DriftEntry>();
    for (const artifact of await downloadArtifacts(context, { prefix, folder })) {
      const files = (await readdir(artifact.folder)).filter((file) => /^[a-z0-9-]+\.json$/.test(file));
      for (const file of files) found.set(file.slice(0, -5), await readEntry(artifact.folder, file));
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readEntry(folder: string, file: string): Promise<DriftEntry> {
  const model = file.slice(0, -5);
  try {
    const entry = (await readChecked(join(folder, file), schema)) as DriftEntry;
    if (entry.model === model) return entry;
    throw new UserError({ message: `the result ${file} speaks of another model`, hint: "run the job again" });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const hint = error.problems[0]?.hint ?? null;
    return { model, outcome: "error", error: { kind: "user", message: error.message, hint } };
  }
}
