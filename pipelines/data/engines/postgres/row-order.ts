import { orderedAggregates, orderedWindows } from "./allowed-functions.ts";

type Part = Readonly<Record<string, unknown>>;

/**
 * What in a part of a query takes rows in an order that nobody wrote down, and what to write: a message and a hint. A table has
 * no order of its own, and the same rows must give the same dataset.
 */
export function orderFault(kind: string, part: Part): [string, string] | null {
  if (kind === "SelectStmt") return selectFault(part);
  return kind === "FuncCall" ? callFault(part) : null;
}

function selectFault({ limitCount, limitOffset, distinctClause, sortClause }: Part): [string, string] | null {
  if (sortClause !== undefined) return null;
  const why = "takes any rows where nothing orders them";
  if (limitCount !== undefined || limitOffset !== undefined) return [`LIMIT ${why}`, "add ORDER BY a key before it"];
  // A plain DISTINCT is a list with nothing in it.
  const distinctOn =
    Array.isArray(distinctClause) && distinctClause.some((each) => Object.keys(each as Part).length > 0);
  return distinctOn ? [`DISTINCT ON ${why}`, "add ORDER BY the same columns, then a key"] : null;
}

function callFault({ funcname, agg_order, over }: Part): [string, string] | null {
  const last = (funcname as { String?: { sval?: string } }[]).at(-1)?.String?.sval ?? "";
  if (orderedAggregates.has(last) && agg_order === undefined && over === undefined)
    return [`${last}() takes rows in any order`, `write ${last}(… ORDER BY a key)`];
  if (!orderedWindows.has(last) || typeof over !== "object" || over === null) return null;
  const window = over as Part;
  if (window.orderClause !== undefined || window.name !== undefined || window.refname !== undefined) return null;
  return [`${last}() takes rows in any order`, "write OVER (… ORDER BY a key)"];
}
