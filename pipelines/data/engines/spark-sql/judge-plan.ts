/** What a query's plan says of it that is not allowed, in words. */
export interface PlanObjection {
  message: string;
  hint: string;
  /** A word to look for in the query. */
  word: string;
}

/** Whose tables may be read. */
export interface TableRules {
  schemas: readonly string[];
  /** The catalog that a schema is in, unless its name says another; null for the one that the server calls its current one. */
  catalog: string | null;
}

/** The same, with the catalog's name. */
type NamedRules = TableRules & { catalog: string };

/** Operators of a plan that only make rows of rows. */
const operators = new Set([
  ...[
    "Project",
    "Filter",
    "Aggregate",
    "Join",
    "SubqueryAlias",
    "Sort",
    "Distinct",
    "Union",
    "Window",
    "Generate",
    "Expand",
  ],
  ...[
    "Intersect",
    "Except",
    "WithCTE",
    "CTERelationDef",
    "CTERelationRef",
    "LocalRelation",
    "OneRowRelation",
    "Pivot",
    "Unpivot",
  ],
  ...[
    "Deduplicate",
    "RepartitionByExpression",
    "Relation",
    "RelationV2",
    "HiveTableRelation",
    "View",
    "CTE",
    "LateralJoin",
  ],
  ...["Subquery", "OuterReference", "DomainJoin", "UnionLoop", "UnionLoopRef", "InnerCTE", "ResolvedHint"],
]);

/** Expressions that stand in a plan for words without parentheses. */
const ofSession =
  /\b(current_user|session_user|user|current_catalog|current_database|current_schema|current_timestamp|current_date|current_time|localtimestamp|current_timezone|now)\(/;

/**
 * Judges the text of an analysed plan, one operator a line: only operators that make rows of rows, and only tables and views of
 * the schemas; what a view there is made of is its owner's affair. No literal has a line break in it, see `sql-tokens.ts`.
 */
export function judgePlan(plan: string, rules: NamedRules): PlanObjection[] {
  const objections: PlanObjection[] = [];
  let insideView = Number.POSITIVE_INFINITY;
  for (const line of plan.split("\n").filter((each) => each.trim() !== "")) {
    const [, indent = "", operator = "", rest = ""] = /^([\s:|+-]*)'?(\w+)(.*)$/.exec(line) ?? [];
    if (indent.length > insideView) continue;
    insideView = operator === "View" ? indent.length : Number.POSITIVE_INFINITY;
    objections.push(...judgeLine(operator, rest, rules));
  }
  return objections;
}

function judgeLine(operator: string, rest: string, rules: NamedRules): PlanObjection[] {
  const table = tableOf(operator, rest);
  if (table !== null) return judgeTable(table, rules);
  if (!operators.has(operator)) {
    const hint = "a feature query is one SELECT over tables, with joins, conditions, groups and windows";
    return [{ message: `the query has a step that is not taken: ${operator}`, hint, word: "select" }];
  }
  const word = ofSession.exec(rest)?.[1];
  if (word === undefined) return [];
  return [
    {
      message: `${word} is not taken in a feature query`,
      hint: "the dataset must not depend on who asks, or when; use $start and $end",
      word,
    },
  ];
}

/** The tables and views that an analysed plan reads, and the tables that the views are made of, each by the parts of its name. */
export function tablesInPlan(plan: string): string[][] {
  const found = new Map<string, string[]>();
  for (const line of plan.split("\n")) {
    const [, operator = "", rest = ""] = /^[\s:|+-]*'?(\w+)(.*)$/.exec(line) ?? [];
    const parts = tableOf(operator, rest);
    if (parts && parts.length > 1) found.set(parts.join("."), parts);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, parts]) => parts);
}

/** The parts of a table's name; null for an operator that is none. */
function tableOf(operator: string, rest: string): string[] | null {
  if (operator === "Relation") return partsOf(/^ ([^[\]]+)\[/.exec(rest)?.[1] ?? "");
  if (operator === "RelationV2") return partsOf(/^\[.*?\] (\S+)/.exec(rest)?.[1] ?? "");
  if (operator === "HiveTableRelation") return partsOf(/^ \[([^,]+),/.exec(rest)?.[1] ?? "");
  if (operator === "View") return partsOf(/^ \(([^,]+),/.exec(rest)?.[1] ?? "");
  return null;
}

function partsOf(name: string): string[] {
  return [...name.matchAll(/`((?:[^`]|``)*)`|[^.`\s]+/g)].map(
    ([whole, quoted]) => quoted?.replaceAll("``", "`") ?? whole,
  );
}

function judgeTable(parts: readonly string[], { schemas, catalog }: NamedRules): PlanObjection[] {
  const [schema = "", owner = catalog] = parts.slice(0, -1).reverse();
  const names = [`${owner}.${schema}`, ...(same(owner, catalog) ? [schema] : [])];
  if (parts.length > 1 && schemas.some((each) => names.some((name) => same(name, each)))) return [];
  const read = parts.length === 0 ? "files by their path" : parts.join(".");
  const hint = `the source's schemas are: ${schemas.join(", ")}`;
  return [
    {
      message: `the query reads ${read}, which is in none of the source's schemas`,
      hint,
      word: parts.at(-1) ?? "from",
    },
  ];
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
