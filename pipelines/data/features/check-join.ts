import type { LoadedModel } from "../../config/load-models.ts";
import { sameColumn } from "../../config/rules/feature-rules.ts";
import type { KeyPath } from "../../config/yaml/finding.ts";
import type { Problem } from "../../errors/expected-error.ts";
import { composedSql } from "../engines/engine.ts";
import { isNumeric, type SourceColumn } from "../engines/session.ts";
import { nameHint } from "../name-hint.ts";
import { columnsOfView, type ViewsJob } from "./check-views.ts";
import { composeQuery, viewTable } from "./view-mentions.ts";

type Complain = (message: string, hint: string, path?: KeyPath) => void;

/**
 * What keeps the entities of a model from being joined to its views: columns that are not there, keys of unlike types, which an
 * engine would compare as it likes, and names that two sides give. Reads no rows.
 */
export async function joinProblems(model: LoadedModel, job: ViewsJob): Promise<Problem[]> {
  const { features } = model.config;
  const entities = await entityColumns(model, job);
  const problems: Problem[] = [];
  for (const [at, use] of (features.views ?? []).entries()) {
    const view = job.views.find(({ name }) => name === use.view)!;
    const columns = await columnsOfView(job, view);
    const complain: Complain = (message, hint, path = []) => {
      const where = model.locate(["features", "views", at, ...path]);
      problems.push({ message, hint, where, key: "features.views", severity: "error" });
    };
    for (const key of view.config.key) {
      const own = columns.find(({ name }) => name === key)!;
      checkKey(use.on[key] ?? key, own, `features.${use.view}`, entities, complain);
    }
    const wanted = use.columns ?? Object.keys(view.config.columns);
    for (const name of wanted)
      checkColumn(name, `${use.prefix}${name}`, { view: use.view, columns, entities }, complain);
  }
  return problems;
}

async function entityColumns(model: LoadedModel, job: ViewsJob): Promise<readonly SourceColumn[]> {
  const { composition } = model.config.features;
  const own = { path: model.query.path, text: composition!.query };
  const sql = composedSql(
    composeQuery(
      own,
      job.views.map(({ name, query }) => ({ name: viewTable(name), query })),
    ),
  );
  const { window, noWindow, folders, limits } = job;
  return (await job.engine.prepare({ sql, window, noWindow, folders, limits })).columns;
}

function checkKey(
  name: string,
  own: SourceColumn,
  view: string,
  entities: readonly SourceColumn[],
  complain: Complain,
): void {
  const names = entities.map((column) => column.name);
  const found = entities.find((column) => sameColumn(column.name, name));
  if (!found) {
    const hint = `${nameHint(name, names)}it returns: ${names.join(", ")}; another name is given by  on: { ${own.name}: … }`;
    complain(`${view} is joined by ${name}, which features.entities does not return`, hint);
  } else if (familyOf(found) !== familyOf(own)) {
    const message = `${view} is joined by ${name}, which is ${found.type} in features.entities and ${own.type} in the view`;
    complain(message, "cast one of them in its query, so that equal keys are equal");
  }
}

/** Kinds whose values compare alike on every engine. */
function familyOf({ kind }: SourceColumn): string {
  if (isNumeric(kind)) return "number";
  return kind === "timestamp" ? "date" : kind;
}

function checkColumn(
  name: string,
  as: string,
  { view, columns, entities }: { view: string; columns: readonly SourceColumn[]; entities: readonly SourceColumn[] },
  complain: Complain,
): void {
  const names = columns.map((column) => column.name);
  if (!names.includes(name)) {
    complain(`features.${view} has no column ${name}`, `${nameHint(name, names)}it has: ${names.join(", ")}`, [
      "columns",
    ]);
  } else if (entities.some((column) => sameColumn(column.name, as))) {
    complain(
      `features.entities and features.${view} both give a column ${as}`,
      "write  prefix: …  with the view, or leave the column out on one side",
    );
  }
}
