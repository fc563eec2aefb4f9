import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";

/** GitHub runs at most so many jobs of one matrix. */
const mostJobs = 256;

/** The runner of models whose config names none. */
const usualRunner = "ubuntu-latest";

/** One job: the models it trains, separated by spaces, and where (`runs-on` as JSON). */
export interface MatrixEntry {
  name: string;
  models: string;
  runner: string;
  timeout: number;
  /** Whether a program of theirs has an environment to be made first; absent when none has. */
  environments?: true;
}

type JobModel = Pick<ModelConfig, "name" | "resources"> & Partial<Pick<ModelConfig, "params">>;

/**
 * A job per model; with more than 256, models that want the same runner share jobs, as evenly as can be. `usual` is the
 * workflow's input `runner`, in JSON: where models run that name no other one. Throws UserError when it is no JSON.
 */
export function jobMatrix(
  configs: readonly JobModel[],
  { usual = "", limit = mostJobs }: { usual?: string; limit?: number } = {},
): { include: MatrixEntry[] } {
  const instead = usual === "" ? JSON.stringify(usualRunner) : usualOf(usual);
  const entryOf = (group: readonly JobModel[]) => matrixEntry(group, instead);
  const single = configs.map((config) => entryOf([config]));
  if (single.length <= limit) return { include: single };
  const byRunner = [...Map.groupBy(configs, ({ resources }) => resources.runner).values()];
  for (let size = 2; ; size += 1) {
    const shared = byRunner.flatMap((group) => chunks(group, size)).map(entryOf);
    if (shared.length <= limit || size >= configs.length) return { include: shared.slice(0, limit) };
  }
}

function usualOf(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (cause) {
    const message = `the input runner is ${text.slice(0, 60)}, which is not JSON`;
    throw new UserError(
      { message, hint: `write it quoted, e.g. '["self-hosted", "gpu"]' or '{"group": "ml"}'` },
      { cause },
    );
  }
}

function matrixEntry(group: readonly JobModel[], usual: string): MatrixEntry {
  const [first] = group;
  const runner = first?.resources.runner ?? usualRunner;
  const more = group.length > 1 ? ` and ${group.length - 1} more` : "";
  return {
    name: `${first?.name}${more}`,
    models: group.map(({ name }) => name).join(" "),
    runner: runner === usualRunner ? usual : JSON.stringify(runner),
    timeout: Math.min(
      group.reduce((minutes, { resources }) => minutes + resources.timeout_minutes, 0),
      360,
    ),
    ...(group.some(({ params }) => params?.environment !== undefined) && { environments: true as const }),
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
