import { aggregateNames, perValueRules } from "../schema/checks-schema.ts";
import { found } from "../schema/expectation.ts";
import { parseUtc } from "../utc-time.ts";
import { dotted, type Finding, type KeyPath } from "../yaml/finding.ts";
import { boundsRule } from "./bounds-rule.ts";
import { type RuleContext, when } from "./rule.ts";

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
