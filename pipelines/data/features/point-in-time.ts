import type { ViewUse } from "../../config/model-config.ts";

/** How an engine writes a name, and whether it has ASOF JOIN. */
export interface JoinDialect {
  quoteName(name: string): string;
  asof: boolean;
  /** Whether it reads a schema that is called `features` too: what is no view is left to it. */
  hasSchema: boolean;
}

/** A view that is joined: what of it, and by what. */
export interface JoinedView {
  /** The name of its expression. */
  table: string;
  /** Columns of the entities beside those of the view that they equal. */
  key: readonly { entity: string; view: string }[];
  time: string | null;
  ttl: ViewUse["ttl"];
  columns: readonly { name: string; as: string }[];
}

/** The expression with the entities' rows. */
export const entitiesTable = "features_entities";

const units: Readonly<Record<string, [word: string, count: number]>> = {
  s: ["SECOND", 1],
  m: ["MINUTE", 1],
  h: ["HOUR", 1],
  d: ["DAY", 1],
  w: ["DAY", 7],
};

/**
 * SQL that gives each row of the entities the columns of each view's last row at or before its time, which is not older than the
 * ttl; both ends are included. No row of a later time is looked at, and a row without a match is kept, with nulls. Where there is
 * no ASOF JOIN, the time of that last row is a maximum over the merged times of each key: one sort, however long a history is.
 */
export function pointInTimeJoin(
  time: string,
  views: readonly JoinedView[],
  dialect: JoinDialect,
): { before: { name: string; text: string }[]; text: string } {
  const joins = views.map((view, at) => joinOf(view, at, time, dialect));
  const columns = joins.flatMap((join) => join.columns);
  return {
    before: joins.flatMap(({ found }) => found ?? []),
    text: [
      `SELECT ${["mergeml_e.*", ...columns].join(",\n  ")}`,
      `FROM ${entitiesTable} AS mergeml_e`,
      ...joins.map((join) => join.text),
    ].join("\n"),
  };
}

interface Join {
  columns: string[];
  found?: { name: string; text: string };
  text: string;
}

function joinOf(view: JoinedView, at: number, entityTime: string, dialect: JoinDialect): Join {
  const { quoteName } = dialect;
  const alias = `mergeml_v${at}`;
  const named = view.columns.map(({ name, as }) => ({ value: `${alias}.${quoteName(name)}`, as: quoteName(as) }));
  const moment = `mergeml_e.${quoteName(entityTime)}`;
  const keys = view.key.map(({ entity, view: own }) => `${alias}.${quoteName(own)} = mergeml_e.${quoteName(entity)}`);
  const plain = named.map(({ value, as }) => `${value} AS ${as}`);
  if (view.time === null)
    return { columns: plain, text: `LEFT JOIN ${view.table} AS ${alias} ON ${keys.join(" AND ")}` };
  const known = `${alias}.${quoteName(view.time)}`;
  const fresh = view.ttl === null ? null : `${known} >= ${moment} - ${interval(view.ttl)}`;
  if (dialect.asof) {
    return {
      columns: fresh ? named.map(({ value, as }) => `CASE WHEN ${fresh} THEN ${value} END AS ${as}`) : plain,
      text: `ASOF LEFT JOIN ${view.table} AS ${alias} ON ${[...keys, `${moment} >= ${known}`].join(" AND ")}`,
    };
  }
  return { columns: plain, ...joinByMaximum(view, at, entityTime, fresh, dialect) };
}

function interval(ttl: string): string {
  const [word, count] = units[ttl.slice(-1)]!;
  return `INTERVAL '${Number(ttl.slice(0, -1)) * count}' ${word}`;
}

function joinByMaximum(
  { table, key, time }: JoinedView,
  at: number,
  entityTime: string,
  fresh: string | null,
  { quoteName }: JoinDialect,
): Omit<Join, "columns"> {
  const [name, alias, last] = [`features_found${at}`, `mergeml_v${at}`, `mergeml_f${at}`];
  const ks = key.map((_, k) => `k${k}`);
  const side = (from: string, names: readonly string[], timeName: string, seen: string, number: number) =>
    `SELECT ${names.map((each, k) => `${quoteName(each)} AS k${k}`).join(", ")}, ${quoteName(timeName)} AS moment, ${seen} AS seen, ${number} AS side FROM ${from}`;
  const views = side(
    table,
    key.map(({ view }) => view),
    time!,
    quoteName(time!),
    1,
  );
  const entities = side(
    entitiesTable,
    key.map(({ entity }) => entity),
    entityTime,
    "NULL",
    0,
  );
  const text = `SELECT DISTINCT ${ks.join(", ")}, moment, found FROM (
  SELECT ${ks.join(", ")}, moment, side, max(seen) OVER (PARTITION BY ${ks.join(", ")} ORDER BY moment) AS found FROM (
    ${views}
    UNION ALL
    ${entities}
  ) AS mergeml_u
) AS mergeml_w WHERE side = 0 AND found <= moment`;
  const moment = `mergeml_e.${quoteName(entityTime)}`;
  const toFound = [
    ...key.map(({ entity }, k) => `${last}.k${k} = mergeml_e.${quoteName(entity)}`),
    `${last}.moment = ${moment}`,
  ];
  const toView = [
    ...key.map(({ view }, k) => `${alias}.${quoteName(view)} = ${last}.k${k}`),
    `${alias}.${quoteName(time!)} = ${last}.found`,
    ...(fresh ? [fresh] : []),
  ];
  return {
    found: { name, text },
    text: `LEFT JOIN ${name} AS ${last} ON ${toFound.join(" AND ")}\nLEFT JOIN ${table} AS ${alias} ON ${toView.join(" AND ")}`,
  };
}
