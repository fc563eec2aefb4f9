import type { Session } from "../../../data/engines/session.ts";
import { quoteName } from "../../../data/engines/tables.ts";

/** A part of the calendar: `value` is SQL of a timestamp `t`, `cycle` that of what it repeats in, null when it never does. */
interface Component {
  name: string;
  value: string;
  cycle: string | null;
}

const components: readonly Component[] = [
  { name: "hour", value: "hour(t)", cycle: "date_trunc('day', t)" },
  { name: "day of week", value: "isodow(t)", cycle: "date_trunc('week', t)" },
  { name: "day of month", value: "day(t)", cycle: "date_trunc('month', t)" },
  { name: "month", value: "month(t)", cycle: "year(t)" },
  { name: "quarter", value: "quarter(t)", cycle: "year(t)" },
  { name: "week", value: "week(t)", cycle: "year(t)" },
  { name: "day of year", value: "dayofyear(t)", cycle: "year(t)" },
  { name: "year", value: "year(t)", cycle: null },
  { name: "date", value: "date_diff('day', TIMESTAMP '1970-01-01', date_trunc('day', t))", cycle: null },
  { name: "time", value: "epoch(t)", cycle: null },
];

/** Waves that stand for a cycle in many models: of a column, the sine or cosine of a component. */
const waves: readonly { name: string; period: number }[] = [
  { name: "hour", period: 24 },
  { name: "day of week", period: 7 },
  { name: "month", period: 12 },
  { name: "week", period: 52 },
  { name: "day of year", period: 365 },
  { name: "day of year", period: 365.25 },
  { name: "day of year", period: 366 },
];

/** A column of the reference that may be one of the calendar. */
export interface CalendarCandidate {
  column: string;
  isNumber: boolean;
}

/** Rows that are looked at first; a column that is no function of the time in them is none. */
const glance = 5000;

/**
 * What columns are a function of the time on every row: by the column's name, such as `day of year`. Either each value of a
 * component goes with one value of the column, in two cycles or more (the weather of a day is a function of the date too), or
 * a number is a straight line or a wave of the component. `time` is SQL for a timestamp.
 */
export async function calendarColumns(
  session: Session,
  from: string,
  candidates: readonly CalendarCandidate[],
  time: string,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const names = candidates.map(({ column }) => quoteName(column)).join(", ");
  if (names === "") return found;
  const rows = `(SELECT ${time} AS t, ${names} FROM ${from} WHERE isfinite(${time}))`;
  const first = `(SELECT ${time} AS t, ${names} FROM ${from} WHERE isfinite(${time}) LIMIT ${glance})`;
  let hopes: Hopes | null = null;
  for (const relation of [first, rows]) {
    const glancing = relation === first;
    const left = glancing ? candidates : candidates.filter(({ column }) => found.has(column));
    found.clear();
    for (const component of components)
      for (const column of await repeating(session, relation, { component, candidates: left, glancing }))
        if (!found.has(column)) found.set(column, component.name);
    hopes = await lines(session, relation, left, hopes);
    for (const [column, [shape]] of hopes)
      if (shape !== undefined && !found.has(column)) found.set(column, shapes[shape]!.name);
  }
  return found;
}

const leastRows = 100;

async function repeating(
  session: Session,
  relation: string,
  asked: { component: Component; candidates: readonly CalendarCandidate[]; glancing: boolean },
): Promise<string[]> {
  const { component, candidates, glancing } = asked;
  if (component.cycle === null || candidates.length === 0) return [];
  const columns = candidates.map(({ column }) => quoteName(column));
  const inner = columns.map(
    (name, at) =>
      `(min(${name}) IS NOT DISTINCT FROM max(${name}) AND count(${name}) IN (0, count(*))) AS one_${at}, min(${name}) AS value_${at}`,
  );
  const outer = columns.map((_, at) => `bool_and(one_${at}) AS one_${at}, count(DISTINCT value_${at}) AS values_${at}`);
  const row = await session.row(
    `SELECT sum(rows) AS rows, sum(rows) FILTER (WHERE cycles > 1) AS repeated, ${outer.join(", ")} FROM
      (SELECT count(*) AS rows, count(DISTINCT ${component.cycle}) AS cycles, ${inner.join(", ")} FROM ${relation} GROUP BY ${component.value})`,
  );
  const repeated = Number(row.rows) >= leastRows && Number(row.repeated ?? 0) >= 0.9 * Number(row.rows);
  if (!glancing && !repeated) return [];
  return candidates.flatMap(({ column }, at) =>
    row[`one_${at}`] === true && (glancing || Number(row[`values_${at}`]) > 1) ? [column] : [],
  );
}

/** So close to 1 only rounding is. */
const straight = 1 - 1e-9;
const leastPoints = 10;

/** What a number may be a straight line of: components, and the waves of some. */
const shapes: readonly { name: string; sql: string }[] = [
  ...components.map(({ name, value }) => ({ name, sql: value })),
  ...waves.flatMap(({ name, period }) => {
    const turn = `2 * pi() * ${components.find((each) => each.name === name)!.value} / ${period}`;
    return [`sin(${turn})`, `cos(${turn})`].map((sql) => ({ name, sql }));
  }),
];

/** By column, the shapes that it may be a line of. */
type Hopes = ReadonlyMap<string, readonly number[]>;

/** The shapes that columns are lines of, among those that a glance left; null glances, and then leaves what it cannot rule out. */
async function lines(
  session: Session,
  relation: string,
  candidates: readonly CalendarCandidate[],
  left: Hopes | null,
): Promise<Hopes> {
  const numbers = candidates.filter(({ isNumber }) => isNumber).map(({ column }) => column);
  const asked = new Map(numbers.map((column) => [column, left ? (left.get(column) ?? []) : [...shapes.keys()]]));
  const pairs = numbers.flatMap((column, at) => asked.get(column)!.map((shape) => ({ column, at, shape })));
  if (pairs.length === 0) return asked;
  const points = [...new Set(pairs.map(({ shape }) => shape))].map(
    (shape) => `approx_count_distinct(${shapes[shape]!.sql}) AS points_${shape}`,
  );
  const fits = pairs.flatMap(({ column, at, shape }) => {
    const [value, { sql }] = [`CAST(${quoteName(column)} AS DOUBLE)`, shapes[shape]!];
    return [
      `regr_r2(${value}, ${sql}) AS r2_${shape}_${at}`,
      `bool_and(coalesce(${value} = ${sql}, false)) AS same_${shape}_${at}`,
    ];
  });
  const present = numbers.flatMap((column, at) => [
    `count(*) = count(${quoteName(column)}) AS full_${at}`,
    `coalesce(min(${quoteName(column)}) <> max(${quoteName(column)}), false) AS varies_${at}`,
  ]);
  const row = await session.row(
    `SELECT count(*) AS rows, ${[...present, ...points, ...fits].join(", ")} FROM ${relation}`,
  );
  const fitting = pairs.filter((pair) => row[`full_${pair.at}`] === true && fitsIn(row, pair, left === null));
  return new Map(
    numbers.map((column) => [column, fitting.filter((pair) => pair.column === column).map(({ shape }) => shape)]),
  );
}

function fitsIn(
  row: Record<string, unknown>,
  { column, at, shape }: { column: string; at: number; shape: number },
  glancing: boolean,
): boolean {
  const r2 = row[`r2_${shape}_${at}`];
  const points = Number(row[`points_${shape}`]);
  const isLine = r2 === null || Number.isNaN(Number(r2)) ? glancing : Number(r2) >= straight;
  // The engine takes a column that never varies for a straight line of anything.
  const enough = glancing || (row[`varies_${at}`] === true && points >= leastPoints && Number(row.rows) >= leastRows);
  // The same number in every row needs no line, unless it is one number only and the name does not say it.
  const same = row[`same_${shape}_${at}`] === true && (points > 1 || named(column, shapes[shape]!.name));
  return (isLine && enough) || same;
}

/** `Month`, `dep_month`: a column that says so itself. */
function named(column: string, component: string): boolean {
  return column
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "")
    .includes(component.replaceAll(" ", ""));
}
