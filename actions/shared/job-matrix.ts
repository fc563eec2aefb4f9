import type { ModelConfig } from "../../pipelines/config/model-config.ts";

/** GitHub runs at most so many jobs of one matrix. */
const mostJobs = 256;

/** One job: the models it trains, separated by spaces, and where. */
export interface MatrixEntry {
  name: string;
  models: string;
  runner: string;
  timeout: number;
}

/** A job per model; with more than 256, models that want the same runner share jobs, as evenly as can be. */
export function jobMatrix(
  configs: readonly Pick<ModelConfig, "name" | "resources">[],
  limit = mostJobs,
): { include: MatrixEntry[] } {
  const single = configs.map((config) => entryOf([config]));
  if (single.length <= limit) return { include: single };
  const byRunner = [...Map.groupBy(configs, ({ resources }) => resources.runner).values()];
  for (let size = 2; ; size += 1) {
    const shared = byRunner.flatMap((group) => chunks(group, size)).map(entryOf);
    if (shared.length <= limit || size >= configs.length) return { include: shared.slice(0, limit) };
  }
}

function entryOf(group: readonly Pick<ModelConfig, "name" | "resources">[]): MatrixEntry {
  const [first] = group;
  const more = group.length > 1 ? ` and ${group.length - 1} more` : "";
  return {
    name: `${first?.name}${more}`,
    models: group.map(({ name }) => name).join(" "),
    runner: first?.resources.runner ?? "ubuntu-latest",
    timeout: Math.min(
      group.reduce((minutes, { resources }) => minutes + resources.timeout_minutes, 0),
      360,
    ),
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
