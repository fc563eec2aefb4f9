import type { Window } from "./config/model-config.ts";
import { type DataFolder, openDataFolders } from "./data/data-folders.ts";
import type { CheckResult } from "./data/dataset-store.ts";
import type { QueryLimits } from "./data/engines/engine.ts";
import { checkViews } from "./data/features/check-views.ts";
import { joinDialect, viewsInOrder } from "./data/features/compose-models.ts";
import { type FeatureView, type FeatureViews, loadViews } from "./data/features/load-views.ts";
import { attempt } from "./data/prepare-features.ts";
import { didYouMean, distinctProblems, type Problem, UserError } from "./errors/expected-error.ts";
import type { ViewRow } from "./report/terminal/view-table.ts";
import { readModels, type Workspace } from "./workspace/workspace.ts";

type Opened = Pick<Workspace, "root" | "repository" | "extraData" | "engineOf" | "store" | "threads">;

/** A view, whether its constraints hold, and what else is wrong with it. */
export interface CheckedView {
  name: string;
  rows: number | null;
  checks: readonly CheckResult[];
  problems: readonly Problem[];
}

/** The views of the repository by name, or those named. Throws UserError for a name that none has. */
export function viewsNamed(root: string, names: readonly string[]): FeatureViews {
  const all = loadViews(root);
  const known = [...all.sound.keys(), ...all.broken.keys()];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return all;
  throw new UserError(
    unknown.map((name) => {
      const near = didYouMean(name, known);
      const hint = [
        near && `did you mean ${near}?`,
        known.length > 0 ? `views: ${known.sort().join(", ")}` : "there is no features/*.sql with its .yaml",
      ];
      return { message: `there is no feature view ${name}`, hint: hint.filter(Boolean).join("  ") };
    }),
  );
}

/** Problems of the files of views, without the data; those of models' own say what is wrong with those that they use. */
export function viewFileProblems(root: string, names: readonly string[] = []): Problem[] {
  const all = viewsNamed(root, names);
  const broken = [...all.broken].filter(([name]) => names.length === 0 || names.includes(name));
  return distinctProblems([...(names.length === 0 ? all.problems : []), ...broken.flatMap(([, each]) => each)]);
}

/** What is said of views, or of those named, and the models that use each. */
export async function describeViews(
  opened: Opened,
  names: readonly string[],
): Promise<{ rows: ViewRow[]; problems: Problem[] }> {
  const { sound } = viewsNamed(opened.root, names);
  const { models } = await readModels(opened);
  const wanted = [...sound.values()].filter(({ name }) => names.length === 0 || names.includes(name));
  const rows = wanted.map(({ name, config, reads }) => {
    const users = models.filter(({ views = [] }) => views.some((view) => view.name === name));
    const { constraints, ...said } = config;
    return {
      name,
      ...said,
      constraints: constraints.length,
      reads: reads.filter((each) => sound.has(each)),
      models: users.map((model) => model.config.name),
    };
  });
  return { rows, problems: viewFileProblems(opened.root, names) };
}

/** Runs the constraints of views, or of those named, on all their rows. */
export async function checkFeatureViews(
  opened: Opened,
  names: readonly string[],
  choice: { engine: string; window: Window | null },
): Promise<CheckedView[]> {
  const all = viewsNamed(opened.root, names);
  const wanted = names.length > 0 ? names : [...all.sound.keys(), ...all.broken.keys()].sort();
  const limits = { memory_gb: 4, threads: opened.threads, seconds: 1800 };
  const results: CheckedView[] = [];
  for (const name of wanted) {
    const tried = await attempt(async () => {
      const job = await jobOf(opened, all, name, limits, choice);
      await using staging = await opened.store.staging();
      // Those that it reads are checked under their own names.
      return await checkViews({ ...job, only: name, staging: staging.path }); // before what is staged goes
    });
    results.push(
      "problems" in tried
        ? { name, rows: null, checks: [], problems: tried.problems }
        : { name, ...tried.value, problems: [] },
    );
  }
  return results;
}

async function jobOf(
  { root, repository, extraData, engineOf }: Opened,
  all: FeatureViews,
  name: string,
  limits: QueryLimits,
  { engine, window }: { engine: string; window: Window | null },
) {
  const dialect = joinDialect(engine, repository.sources);
  const views: FeatureView[] = viewsInOrder([name], all, dialect);
  const folders: DataFolder[] = await openDataFolders(root, repository.data, extraData);
  const noWindow = { why: "no window was given", hint: "give one: --window 2001-01-01..2001-04-01" };
  return { engine: engineOf(engine), quoteName: dialect.quoteName, views, window, noWindow, folders, limits };
}
