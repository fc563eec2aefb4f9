import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../../config/canonical-json.ts";
import type { SharedSteps } from "../../workspace/shared-steps.ts";
import { stepCode } from "../../workspace/step-code.ts";
import { writeAside } from "../../workspace/write-aside.ts";
import type { TrialSetup } from "./score-trial.ts";
import type { TrialJob, TrialResult } from "./trial.ts";

/** Finished trials of one search, a file each, so that a killed search goes on and those of other jobs can be copied in. */
export interface TrialFiles {
  folder: string;
  /** null when it has not been trained, or the file is not whole. */
  read(job: TrialJob): Promise<TrialResult | null>;
  write(job: TrialJob, result: TrialResult): Promise<void>;
}

/**
 * Opens `<parent>/<search id>/`. The id covers all that a score depends on but the job: data, seed, trainer, metric, code. It does
 * not cover the space, so that a search whose space has changed finds the trials that both have in common.
 */
export function openTrialFiles(
  parent: string,
  setup: TrialSetup,
  trainerVersion: number,
  shared: SharedSteps | null = null,
): TrialFiles {
  const { parquet: _, threads: __, train, source, ...same } = setup;
  const program = source && { files: source.files };
  const search = { code: stepCode()("trial"), trainerVersion, ...same, train: train.fingerprint, ...program };
  const folder = join(parent, `s-${hash(search)}`);
  const file = (job: TrialJob) => join(folder, `${hash({ ...job })}.json`);
  return {
    folder,
    async read(job) {
      const here = await readResult(file(job), job);
      const bytes = here ? null : await shared?.read("trial", { search, job });
      if (!bytes) return here;
      await writeAside(file(job), bytes);
      return readResult(file(job), job);
    },
    async write(job, result) {
      const text = `${JSON.stringify({ ...job, ...result }, null, 2)}\n`;
      await writeAside(file(job), text);
      await shared?.write("trial", { search, job }, Buffer.from(text), []);
    },
  };
}

async function readResult(file: string, job: TrialJob): Promise<TrialResult | null> {
  try {
    const { params, rows, score, problem, seconds } = JSON.parse(await readFile(file, "utf8"));
    if (canonicalJson({ params, rows }) !== canonicalJson({ ...job })) return null;
    if (!Number.isFinite(seconds)) return null;
    if (typeof score === "number") return { score, seconds };
    return score === null && typeof problem === "string" ? { score, problem, seconds } : null;
  } catch {
    return null; // not trained yet, or half a file of an interrupted copy: it is trained again
  }
}

function hash(value: unknown): string {
  return sha256(canonicalJson(value)).slice(7, 27);
}
