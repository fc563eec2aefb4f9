import { stat } from "node:fs/promises";
import { relative } from "node:path";
import { readProjectFile } from "../config/project-file.ts";
import { type InputFile, listInputs } from "../data/list-inputs.ts";
import { composeFile } from "../features/compose-models.ts";
import { joinDialect } from "../features/join-dialect.ts";
import { loadViews } from "../features/load-views.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { alpha, limits } from "./drift/limits.ts";
import type { WatchedModel } from "./watched-model.ts";
import type { Interval } from "./window/interval.ts";
import { logFiles, logFolder } from "./window/log-files.ts";
import { labelsUntil } from "./window/window-job.ts";

/** All that the check of one window depends on, as a key for its cached result; `labelled` is the one of its labels, if it is another. */
export type WindowInputs = (interval: Interval, labelled?: Interval | null) => Promise<unknown>;

/** Looks at what all windows of a model share once: the files its queries may read, and what is asked of them. */
export async function windowInputs(
  workspace: Workspace,
  { record, today: { drift } }: WatchedModel,
  now: Date,
): Promise<WindowInputs> {
  const { root, repository, extraData } = workspace;
  // What writers have logged since is brought here first; nothing of before the version can be its own.
  await workspace.remoteLog?.fetch(record.model, new Date(record.registered));
  const { window: _length, persist: _persist, on_drift: _answer, ...asked } = drift;
  const query = drift.query && readProjectFile(root, `models/${record.model}/${drift.query}`);
  const views =
    query && query.state === "read"
      ? viewsBehind(root, query.text, joinDialect(record.candidate.config.features.engine, repository.sources))
      : {};
  const files = await listInputs(root, repository.data, extraData);
  const folder = await logFolder(root, repository.predictions, record.model);
  const until = labelsUntil({ now, drift });
  const logged = async (interval: Interval | null | undefined) =>
    folder && interval && Promise.all((await logFiles(folder, interval)).map((file) => logInput(root, file)));
  return async (interval, labelled) => ({
    limits: { ...limits, alpha },
    record: record.digest,
    asked,
    query,
    ...views,
    files,
    log: await logged(interval),
    labelled: await logged(labelled),
    from: interval.from.toISOString(),
    to: interval.to.toISOString(),
    // Once all labels of a window are old enough the time no longer matters.
    until: until >= (labelled ?? interval).to ? null : until.toISOString(),
  });
}

/** Nothing for a query that reads none, so that what is cached of it is found again. */
function viewsBehind(root: string, text: string, dialect: ReturnType<typeof joinDialect>): { views?: unknown } {
  const { query, views } = composeFile({ path: "", text }, () => loadViews(root), dialect);
  return views.length === 0 ? {} : { views: { text: query.text, configs: views.map(({ config }) => config) } };
}

async function logInput(root: string, file: string): Promise<InputFile> {
  const { size, mtimeNs } = await stat(file, { bigint: true });
  return { path: relative(root, file), size: Number(size), mtime_ns: mtimeNs.toString() };
}
