import type { TableColumn } from "./table/table.ts";

/** `id`, `customer_id`, `PassengerId`, `order no`. */
const idNames =
  /(^|[_\s.-])(id|key|uuid|guid|identifier|code|sku|nr|no|number|isbn|iban|vin)$|[a-z](Id|ID|Key|Uuid|UUID|Code|Number)$/i;

/** What R, pandas, DuckDB and Spark call the number of a row. */
const rowNumberNames =
  /^(row[_\s.]?(id|num|number|names?|index|no)?|rownames|index|level_0|x|unnamed: ?\d+|_c0|\.\.\.1|#)$/i;

/** The first column that tells rows apart by its values and says so by its name; null when there is none. */
export function findKey(columns: readonly TableColumn[], rows: number): TableColumn | null {
  return columns.find((each) => isKey(each, rows)) ?? null;
}

function isKey(column: TableColumn, rows: number): boolean {
  const { kind, missing } = column;
  const suits = kind === "integer" || kind === "text" || kind === "other";
  return suits && missing === 0 && idNames.test(column.name) && isUnique(column, rows) && !isRowNumber(column, rows);
}

function isUnique({ distinct, missing }: TableColumn, rows: number): boolean {
  return rows > 1 && distinct === rows - missing && distinct > 1;
}

/** A number that says where a row stands in the file: it would leak how the file is sorted, and is another one in the next file. */
export function isRowNumber(column: TableColumn, rows: number): boolean {
  const { name, unnamed, span, kind, distinct, missing } = column;
  const isWhole = kind === "integer" || (kind === "double" && span?.whole === true);
  if (!isWhole || span === null) return false;
  if (unnamed || rowNumberNames.test(name)) return isUnique(column, rows) || unnamed;
  const counts =
    missing === 0 && distinct === rows && (span.min === 0 || span.min === 1) && span.max - span.min === rows - 1;
  return counts && !idNames.test(name);
}

/** What is counted or booked: a number of it names one. */
const numberedThings =
  /^(account|customer|client|user|order|invoice|ticket|serial|patient|subject|employee|member|student|case|record|observation|obs|sample|transaction|policy|contract|loan)(s|_?n(o|r|um|umber))?$/i;

/**
 * Whether the values tell rows apart as names of them do. Whole numbers that are all different may be that by accident, where
 * they are spread widely: they are names when the file is sorted by them, when they are called so, or when so many measurements
 * in such a range would hardly ever differ all. A year is none.
 */
export function identifies(column: TableColumn, rows: number): boolean {
  const { name, kind, sorted } = column;
  if (!isUnique(column, rows)) return false;
  if (kind === "text") return true;
  if (kind !== "integer" || /year|jahr|ann[ée]e|año/i.test(name)) return false;
  return sorted || idNames.test(name) || numberedThings.test(name) || isDense(column);
}

/** That n draws from a range of r differ all has a chance of about exp(-n²/2r): below 5%. */
function isDense({ span, distinct }: TableColumn): boolean {
  return span !== null && distinct ** 2 / (2 * (span.max - span.min + 1)) > 3;
}
