import { didYouMean } from "../../errors/did-you-mean.ts";
import type { RowBatch } from "../row-batch.ts";
import { keyText, openCells } from "../rows/cells.ts";
import { CellProblems, RefusedRequest } from "../rows/refused-request.ts";
import { missingColumn, type RowSignature } from "../rows/row-signature.ts";
import type { InputTensor } from "./infer-request.ts";

/**
 * The rows that the tensors of a request are: one tensor a feature, and perhaps one a column of the key. Throws RefusedRequest
 * that names input and row.
 */
export function readTensorRows(inputs: readonly InputTensor[], signature: RowSignature): RowBatch {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const names = [...byName.keys()];
  const rows = inputs[0]!.rows;
  checkInputs(inputs, byName, signature);
  if (rows === 0) throw new RefusedRequest(422, "there are no rows; at least one was expected");
  const problems = new CellProblems();
  const columns = signature.features.map((spec) => {
    const cells = openCells(spec, rows, problems);
    const input = byName.get(spec.name);
    if (input === undefined) problems.add(null, spec.name, () => missingColumn(spec, names, signature));
    else if ("codes" in input.values) cells.fillTexts(input.values);
    else cells.fill(input.values, input.nanIsMissing);
    return cells.column();
  });
  const parts = signature.key.map((name) => byName.get(name)?.values);
  const whole = parts.length > 0 && parts.every((part) => part !== undefined);
  const keys = whole
    ? Array.from({ length: rows }, (_, row) => keyText(parts.map((part) => valueAt(part, row))) ?? null)
    : null;
  problems.refuse();
  return { rows, columns, keys };
}

function valueAt(values: InputTensor["values"], row: number): unknown {
  return "codes" in values ? values.levels[values.codes[row]!] : values[row];
}

function checkInputs(
  inputs: readonly InputTensor[],
  byName: ReadonlyMap<string, InputTensor>,
  { features, key }: RowSignature,
): void {
  if (byName.size < inputs.length) throw new RefusedRequest(422, "two inputs have the same name");
  const known = [...features.map(({ name }) => name), ...key];
  const unknown = inputs.find(({ name }) => !known.includes(name));
  if (unknown !== undefined) {
    const meant = didYouMean(unknown.name, known);
    const hint = meant === null ? `it takes ${known.slice(0, 20).join(", ")}` : `was ${JSON.stringify(meant)} meant?`;
    throw new RefusedRequest(422, `the model has no input ${JSON.stringify(unknown.name.slice(0, 100))}; ${hint}`);
  }
  const [first] = inputs;
  const other = inputs.find(({ rows }) => rows !== first?.rows);
  if (other !== undefined)
    throw new RefusedRequest(422, `the input ${first?.name} has ${first?.rows} rows, ${other.name} has ${other.rows}`);
}
