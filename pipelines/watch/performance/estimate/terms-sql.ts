import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import { presentText } from "../../profile/count-categories.ts";
import { finiteNumber } from "../../profile/number-aggregates.ts";
import type { EstimateColumn, Loss } from "./loss-model.ts";

/** SQL for the terms of a column: whether it is missing, and the number and how far it is beyond each bend, or which category it is. */
export function termsOf({ bends, center, unit }: Omit<EstimateColumn, "name">, column: string): string[] {
  const name = quoteName(column);
  if (typeof bends[0] === "string") {
    const value = presentText(name);
    return bends.map((each) => `CASE WHEN ${value} = ${quoteText(String(each))} THEN 1.0 ELSE 0.0 END`);
  }
  const value = finiteNumber(name);
  const number = `(coalesce(${value}, CAST('${center}' AS DOUBLE)) - CAST('${center}' AS DOUBLE)) / CAST('${unit}' AS DOUBLE)`;
  const beyond = (bends as readonly number[]).map(
    (bend) => `greatest(${number} - CAST('${(bend - center) / unit}' AS DOUBLE), 0)`,
  );
  return [`CASE WHEN ${value} IS NULL THEN 1.0 ELSE 0.0 END`, number, ...beyond];
}

/** SQL for a row's loss. `predicted` are the prediction, or the label and a probability for each class. */
export function lossSql(
  loss: Loss,
  { target, classes, predicted }: { target: string; classes: readonly string[]; predicted: readonly string[] },
): string {
  const [first, ...probabilities] = predicted.map(quoteName);
  const truth = quoteName(target);
  const error = `(CAST(${first} AS DOUBLE) - CAST(${truth} AS DOUBLE))`;
  const actual = `CAST(${truth} AS VARCHAR)`;
  const cases = classes.map((name, at) => `WHEN ${quoteText(name)} THEN CAST(${probabilities[at]} AS DOUBLE)`);
  const own = `CASE ${actual} ${cases.join(" ")} ELSE 0.0 END`;
  const squares = probabilities.map(
    (probability, at) =>
      `power(CAST(${probability} AS DOUBLE) - CASE WHEN ${actual} = ${quoteText(classes[at]!)} THEN 1 ELSE 0 END, 2)`,
  );
  return {
    squared: `${error} * ${error}`,
    absolute: `abs(${error})`,
    relative: `CASE WHEN CAST(${truth} AS DOUBLE) <> 0 THEN abs(${error} / CAST(${truth} AS DOUBLE)) END`,
    log: `-ln(greatest(${own}, 1e-15))`,
    brier: classes.length === 2 ? `(${squares.join(" + ")}) / 2` : squares.join(" + ") || "0",
    wrong: `CASE WHEN ${actual} = CAST(${first} AS VARCHAR) THEN 0.0 ELSE 1.0 END`,
  }[loss];
}
