import type { Session } from "../../../data/engines/session.ts";
import { quoteName } from "../../../data/engines/tables.ts";
import { presentText } from "../count-categories.ts";
import type { NumericDistribution } from "../distribution.ts";
import { finiteNumber } from "../number-aggregates.ts";
import type { SketchedColumn } from "./count-parts.ts";

/**
 * By how much rows of the same group raise the variance of a test, less 1: (m − 1)·ρ, where m is the size of the group of a
 * row and ρ how alike its rows are (Kish, Survey Sampling, 1965, ch. 5). Groups of equal rows count as one row each, and
 * groups that have nothing in common cost nothing. `group` is SQL, of the window and the group of a row.
 */
export async function groupEffect(
  session: Session,
  from: string,
  column: SketchedColumn,
  group: string,
): Promise<number> {
  const { sketch } = column;
  const effect =
    sketch.kind === "numeric"
      ? await ofNumbers(session, from, { column: column.column, sketch }, group)
      : await ofCategories(session, from, column.column, group);
  return Number.isFinite(effect) ? Number(Math.max(0, effect).toPrecision(4)) : 0;
}

/** Of values cut at the outer edges but one, so that a few far ones do not decide. */
async function ofNumbers(
  session: Session,
  from: string,
  { column, sketch }: { column: string; sketch: NumericDistribution },
  group: string,
): Promise<number> {
  const { edges, mean } = sketch;
  if (edges.length < 2 || mean === null) return 0;
  const many = edges.length > 10;
  const [low, high] = [edges[many ? 1 : 0], edges.at(many ? -2 : -1)];
  const cut = `least(greatest(${finiteNumber(quoteName(column))}, CAST('${low}' AS DOUBLE)), CAST('${high}' AS DOUBLE)) - CAST('${mean}' AS DOUBLE)`;
  const row = await session.row(
    `SELECT sum(n) AS n, sum(n * n) AS nn, sum(s) AS s, sum(q) AS q, sum(s * s) AS ss, sum(n * s) AS ns FROM
      (SELECT CAST(count(v) AS DOUBLE) AS n, sum(v) AS s, sum(v * v) AS q FROM (SELECT ${group} AS g, ${cut} AS v FROM ${from})
        WHERE g IS NOT NULL AND v IS NOT NULL GROUP BY g)`,
  );
  const [n, nn, s, q, ss, ns] = ["n", "nn", "s", "q", "ss", "ns"].map((name) => Number(row[name])) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const center = s / n;
  const variance = q / n - center * center;
  if (!(variance > 0) || nn <= n) return 0;
  const together = ss - 2 * center * ns + center * center * nn - (q - 2 * center * s + n * center * center);
  return (nn / n - 1) * (together / (nn - n) / variance);
}

/** How much oftener than by chance two rows of a group have the same category. */
async function ofCategories(session: Session, from: string, column: string, group: string): Promise<number> {
  const counted = `SELECT g, value, CAST(count(*) AS DOUBLE) AS n FROM (SELECT ${group} AS g, ${presentText(quoteName(column))} AS value FROM ${from})
    WHERE g IS NOT NULL AND value IS NOT NULL GROUP BY ALL`;
  const { n, nn } = await session.row(
    `SELECT sum(n) AS n, sum(n * n) AS nn FROM (SELECT sum(n) AS n FROM (${counted}) GROUP BY g)`,
  );
  const { same } = await session.row(`SELECT sum(n * (n - 1)) AS same FROM (${counted})`);
  const { chance } = await session.row(
    `SELECT sum(n * n) AS chance FROM (SELECT sum(n) AS n FROM (${counted}) GROUP BY value)`,
  );
  const [rows, pairs] = [Number(n), Number(nn) - Number(n)];
  const expected = Number(chance) / rows ** 2;
  if (!(pairs > 0) || expected >= 1) return 0;
  return (Number(nn) / rows - 1) * ((Number(same) / pairs - expected) / (1 - expected));
}
