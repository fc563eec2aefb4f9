import type { Table } from "../../data/table.ts";
import { didYouMean, UserError } from "../../errors/expected-error.ts";
import type { Encoding } from "./encode-columns.ts";
import type { BoostingParams } from "./params.ts";

/** By column: 1 where the score may only rise with it, -1 where it may only fall, else 0. */
export type Directions = Int8Array;

/** Checks the constraints against the table and gives them by column; null without any. */
export function directionsOf(table: Table, columns: readonly Encoding[], params: BoostingParams): Directions | null {
  const names = Object.keys(params.monotone);
  if (names.length === 0) return null;
  checkTarget(table);
  for (const name of names) checkColumn(table, name);
  return Int8Array.from(columns, ({ feature }) => {
    const direction = params.monotone[table.features[feature]!.name];
    return direction === undefined ? 0 : direction === "increasing" ? 1 : -1;
  });
}

function checkTarget({ target }: Table): void {
  if (target.task === "regression" || target.classes.length <= 2) return;
  const message = `monotone is for numbers and two classes; the target has ${target.classes.length} classes.`;
  throw new UserError({ message, hint: "Remove monotone.", key: "params.monotone" });
}

function checkColumn({ features }: Table, name: string): void {
  const key = `params.monotone.${name}`;
  const column = features.find((feature) => feature.name === name);
  if (column?.kind === "number") return;
  if (column) {
    const message = `monotone names the column ${JSON.stringify(name)}, which has categories: they have no order.`;
    throw new UserError({ message, hint: "Name columns of numbers only.", key });
  }
  const numbers = features.filter(({ kind }) => kind === "number").map((feature) => feature.name);
  const near = didYouMean(name, numbers);
  const hint = near ? `Did you mean ${JSON.stringify(near)}?` : `The columns of numbers are ${numbers.join(", ")}.`;
  throw new UserError({
    message: `monotone names the column ${JSON.stringify(name)}, which is no feature.`,
    hint,
    key,
  });
}
