import { didYouMean } from "../../errors/expected-error.ts";
import { aggregateNames, perValueRules } from "../schema/checks-schema.ts";
import { found } from "../schema/expectation.ts";
import { parseUtc } from "../utc-time.ts";
import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";
import { boundsRule, type RuleContext, when } from "./rule.ts";

type Features = NonNullable<RuleContext["draft"]["features"]>;

/** Engine, query path, window, split, and that a column has one role. */
export function featureRules({ draft, engines, sound }: RuleContext): Finding[] {
  const features = draft.features ?? {};
  const needsTime = features.split?.by === "time" && sound(["features", "time"]) && features.time === undefined;
  return [
    ...engineRules(features, engines),
    ...queryRules(features.query),
    ...entityRules(features),
    ...windowRules(features.window),
    ...roleRules(features),
    ...groupRules(features),
    ...when(needsTime, {
      path: ["features", "split", "by"],
      message: "features.split.by is time, but features.time is missing",
      hint: "add the column that says when a row happened, for example  time: departed_at",
    }),
  ];
}

function engineRules({ engine }: Features, engines: readonly string[]): Finding[] {
  if (engine === undefined || engines.includes(engine)) return [];
  const meant = didYouMean(engine, engines);
  const hint = `use ${engines.join(" or ")}, or name a source of type postgres under sources in mergeml.yaml`;
  return [
    {
      path: ["features", "engine"],
      message: `features.engine: ${engine} is neither an engine nor a source of mergeml.yaml that runs queries`,
      hint: meant === null ? hint : `did you mean ${meant}?  ${hint}`,
    },
  ];
}

function queryRules(query: string | undefined): Finding[] {
  const outside = query !== undefined && !isPathInside(query);
  return when(outside, {
    path: ["features", "query"],
    message: `features.query must be the path of a file in the model's folder, not ${JSON.stringify(query)}`,
    hint: "for example features.sql; no leading slash, no .. and no backslash",
  });
}

function entityRules({ entities, views, query, time }: Features): Finding[] {
  const outside = entities !== undefined && !isPathInside(entities);
  return [
    ...when(outside, {
      path: ["features", "entities"],
      message: `features.entities must be the path of a file in the model's folder, not ${JSON.stringify(entities)}`,
      hint: "for example entities.sql; no leading slash, no .. and no backslash",
    }),
    ...when(entities !== undefined && query !== undefined && query !== "features.sql", {
      path: ["features", "query"],
      message: "features.query and features.entities are both there: the rows come from one of them",
      hint: "remove query, or entities and views, and join in the query",
    }),
    ...when(entities !== undefined && views === undefined, {
      path: ["features", "entities"],
      at: "key",
      message: "features.entities is there, but features.views is missing: nothing would be joined",
      hint: "name them, for example  views: [customer]  or write the file as query",
    }),
    ...when(entities === undefined && views !== undefined, {
      path: ["features", "views"],
      at: "key",
      message: "features.views is there, but features.entities is missing: there is nothing to join them to",
      hint: "add  entities: entities.sql  or read the views in the query: FROM features.customer",
    }),
    ...when(entities !== undefined && time === undefined, {
      path: ["features", "entities"],
      at: "key",
      message: "features.entities is there, but features.time is missing: it says when each row happened",
      hint: "add the column of entities.sql with the moment of the example, for example  time: ordered_at",
    }),
  ];
}

/** Whether a path written with slashes is relative and stays below its folder. */
export function isPathInside(path: string): boolean {
  if (/[\\\0]/.test(path) || /^[A-Za-z]:/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function windowRules(window: Features["window"]): Finding[] {
  if (!window) return [];
  const sides = (["start", "end"] as const).flatMap((side) => dateRule(side, window[side]));
  const start = parseUtc(window.start ?? "");
  const end = parseUtc(window.end ?? "");
  const reversed = start !== null && end !== null && start >= end;
  return [
    ...sides,
    ...when(reversed, {
      path: ["features", "window", "end"],
      message: `features.window.end must be after start, but ${window.end} is not after ${window.start}`,
      hint: "end is exclusive: the first moment that is not in the window",
    }),
  ];
}

function dateRule(side: "start" | "end", text: string | undefined): Finding[] {
  return when(text !== undefined && parseUtc(text) === null, {
    path: ["features", "window", side],
    message: `features.window.${side} must be a date that exists, not ${JSON.stringify(text)}`,
    hint: "write an ISO date or a UTC timestamp: 2001-04-01 or 2001-04-01T06:00:00Z",
  });
}

function roleRules({ key, target, time }: Features): Finding[] {
  const keys = (typeof key === "string" ? [key] : (key ?? [])).filter((name) => name !== null);
  const sameAs = (name: string) => keys.some((each) => sameColumn(each, name));
  const twice = (role: string, name: string, other: string): Finding => ({
    path: ["features", role],
    message: `features.${role} is "${name}", which is features.${other} too`,
    hint: "a column is key, target, time or a feature, and only one of them",
  });
  return [
    ...when(target !== undefined && sameAs(target), () => twice("target", target!, "key")),
    ...when(time !== undefined && sameAs(time), () => twice("time", time!, "key")),
    ...when(time !== undefined && target !== undefined && sameColumn(time, target), () =>
      twice("time", time!, "target"),
    ),
  ];
}

function groupRules({ split, key, target, time }: Features): Finding[] {
  const group = split?.group;
  if (group === undefined || group === null) return [];
  const is = (name: string | null | undefined) => typeof name === "string" && sameColumn(name, group);
  const keys = typeof key === "string" ? [key] : (key ?? []);
  const path = ["features", "split", "group"];
  const told = `features.split.group is "${group}"`;
  return [
    ...when(split?.by === "time", {
      path,
      message: "features.split.group keeps rows on one side by their group, and features.split.by is time",
      hint: "write by: key, or remove group: by time, the rows of one group are on both sides",
    }),
    ...when(is(target), {
      path,
      message: `${told}, which is features.target too`,
      hint: "name the column that says which rows belong together, for example  group: customer_id",
    }),
    ...when(keys.length === 1 && is(keys[0]), {
      path,
      message: `${told}, which is features.key too: each row would be a group of its own`,
      hint: "name a column that several rows share, or remove group",
    }),
    ...when(is(time), {
      path,
      message: `${told}, which is features.time too`,
      hint: `return it a second time under another name, for example  CAST(${group} AS DATE) AS day`,
    }),
  ];
}

/** Engines do not tell column names apart by case. */
export function sameColumn(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

type Check = NonNullable<NonNullable<NonNullable<RuleContext["draft"]["features"]>["checks"]>[number]>;

const columnRules = [...perValueRules, "unique", ...aggregateNames] as const;

/** Each check is about one thing and says something about it that can be true. */
export function dataCheckRules({ draft, sound }: RuleContext): Finding[] {
  return (draft.features?.checks ?? []).flatMap((check, index) => {
    const path: KeyPath = ["features", "checks", index];
    return check ? checkFindings(check, path, sound) : [];
  });
}

/** What is wrong with one check that the schema cannot say. */
export function checkFindings(check: Check, path: KeyPath, sound: RuleContext["sound"]): Finding[] {
  const clean = [...columnRules, "column", "rows"].every((key) => sound([...path, key]));
  return [
    ...(clean ? subjectRules(check, path) : []),
    ...mostlyRule(check, path),
    ...betweenRule(check.between, [...path, "between"]),
    ...compareRule(check, path),
    ...(["rows", ...aggregateNames] as const).flatMap((rule) => boundsRule(check[rule], [...path, rule])),
  ];
}

function subjectRules(check: Check, path: KeyPath): Finding[] {
  const name = dotted(path);
  const rules = columnRules.filter((rule) => check[rule] !== undefined);
  if (check.column === undefined && check.rows === undefined) {
    return [{ path, message: `${name} has no subject`, hint: "name a column, or give rows: { min: … }" }];
  }
  if (check.rows !== undefined && (check.column !== undefined || rules.length > 0)) {
    const hint = "write two checks: one about the column, one about the rows";
    return [{ path: [...path, "rows"], at: "key", message: `${name} is about a column and about rows`, hint }];
  }
  return when(check.rows === undefined && rules.length === 0, {
    path,
    message: `${name} has no rule about ${JSON.stringify(check.column)}`,
    hint: `add one of ${columnRules.join(", ")}`,
  });
}

function mostlyRule(check: Check, path: KeyPath): Finding[] {
  const idle = check.mostly !== undefined && check.mostly < 1 && !perValueRules.some((rule) => rule in check);
  return when(idle, {
    path: [...path, "mostly"],
    at: "key",
    message: `${dotted([...path, "mostly"])} has no effect here`,
    hint: `it softens rules about single values: ${perValueRules.join(", ")}`,
  });
}

function betweenRule(between: Check["between"], path: KeyPath): Finding[] {
  if (between?.length !== 2) return [];
  const name = dotted(path);
  const [low, high] = between;
  const given = [low, high].filter((side) => side !== null && side !== undefined);
  if (given.length === 0)
    return [{ path, message: `${name} is open on both sides`, hint: "give a low, a high or both" }];
  const wrong = between.findIndex((side) => typeof side === "string" && parseUtc(side) === null);
  if (wrong >= 0) {
    const message = `${name} must hold numbers or ISO dates, not ${found(between[wrong])}`;
    return [{ path: [...path, wrong], message, hint: "for text use in_set or matches" }];
  }
  if (given.length < 2) return [];
  if (typeof low !== typeof high)
    return [{ path, message: `${name} must hold two numbers or two dates, not one of each` }];
  const reversed = asNumber(low!) > asNumber(high!);
  return when(reversed, { path, message: `${name} is [low, high], but ${low} is above ${high}`, hint: "swap them" });
}

function asNumber(side: string | number): number {
  return typeof side === "number" ? side : (parseUtc(side) ?? Number.NaN);
}

function compareRule({ column, compare }: Check, path: KeyPath): Finding[] {
  const same = column !== undefined && compare?.column?.toLowerCase() === column.toLowerCase();
  return when(same, {
    path: [...path, "compare", "column"],
    message: `${dotted([...path, "compare"])} compares ${JSON.stringify(column)} with itself`,
  });
}
