import type { SourceSnapshot } from "../../sources/source-snapshot.ts";
import { type Token, tokensOf } from "./sql-tokens.ts";
import type { TableVersions } from "./table-versions.ts";

/** A query's text, and which of the tables in it have their version behind their name. */
interface PinnedQuery {
  relation: string;
  pinned: TableVersions;
}

/** The versions that an earlier run of a query read of a source's tables. */
export function versionsThen(snapshots: readonly SourceSnapshot[] = [], source: string): TableVersions {
  const then = snapshots.find((each) => each.source === source);
  return then?.read === "database" ? (then.versions ?? {}) : {};
}

/**
 * Has each table that the text itself names by its schema read at its version: Delta's number, Iceberg's snapshot. What a view there is
 * made of stays as it is now. https://docs.delta.io/latest/delta-batch.html#query-an-older-snapshot-of-a-table-time-travel
 */
export function pinTables(relation: string, versions: TableVersions): PinnedQuery {
  const { tokens } = tokensOf(relation);
  const pinned: Record<string, string> = {};
  let [text, from] = ["", 0];
  for (const { parts, end } of namedTables(tokens)) {
    const table = Object.keys(versions).find((each) => isNamed(each, parts));
    const version = table === undefined ? undefined : versions[table];
    if (version === undefined || !/^\d+$/.test(version)) continue;
    pinned[table!] = version;
    text += `${relation.slice(from, end)} VERSION AS OF ${version}`;
    from = end;
  }
  return { relation: text + relation.slice(from), pinned };
}

/** A record has the catalog's name, which a query may leave out. */
function isNamed(table: string, parts: readonly string[]): boolean {
  const [known, given] = [table, parts.join(".")].map((name) => name.toLowerCase()) as [string, string];
  return parts.length > 1 && (known === given || known.endsWith(`.${given}`));
}

const clauses = /^(select|from|where|group|order|having|on|using|window|limit|union|intersect|except|lateral)$/i;

/** Names where a table's is: behind FROM and JOIN, and behind a comma of theirs. */
function namedTables(tokens: readonly Token[]): { parts: string[]; end: number }[] {
  const found: { parts: string[]; end: number }[] = [];
  const clause: string[] = [""];
  for (const [at, { kind, text }] of tokens.entries()) {
    if (text === "(") clause.push("");
    else if (text === ")") clause.pop();
    else if (kind === "word" && clauses.test(text)) clause[clause.length - 1] = text.toLowerCase();
    const isComma = text === "," && /^(from|on|using)$/.test(clause.at(-1) ?? "");
    if (!isComma && !/^(from|join)$/i.test(text)) continue;
    const name = nameAt(tokens, at + 1);
    if (name) found.push(name);
  }
  return found;
}

function nameAt(tokens: readonly Token[], at: number): { parts: string[]; end: number } | null {
  const parts: string[] = [];
  for (let place = at; ; place += 2) {
    const [part, point] = [tokens[place], tokens[place + 1]];
    if (part?.kind !== "word" && part?.kind !== "quoted") return null;
    parts.push(part.kind === "quoted" ? part.text.slice(1, -1).replaceAll("``", "`") : part.text);
    if (point?.text === ".") continue;
    // A function, or a version that the query asks for itself.
    return /^(\(|version|timestamp|for)$/i.test(point?.text ?? "") ? null : { parts, end: part.end };
  }
}
