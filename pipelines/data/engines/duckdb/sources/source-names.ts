import type { SourceConfig } from "../../../../config/model-config.ts";
import { didYouMean, type Problem, UserError } from "../../../../errors/expected-error.ts";
import type { ReachableSource, SourceAccess } from "../../../sources/source-objects.ts";
import type { SyntaxNode } from "../parse-query.ts";

/** What a name of a table stands for: part of a source, something that is wrong with it, or nothing of a source: null. */
type NamedSource = { mention: SourceMention } | { message: string; hint: string } | null;

/** What `FROM …` names of a source: `lake."trips/*.parquet"`, `trips` or `shop.features.orders`. */
export function namedSource(node: SyntaxNode, offset: number, sources: readonly ReachableSource[]): NamedSource {
  const [catalog, schema, table] = [node.catalog_name, node.schema_name, node.table_name].map(String);
  const names = [catalog, schema, table].filter((name) => name !== undefined && name !== "") as string[];
  const source = sources.find(({ name }) => name === names[0]?.toLowerCase());
  if (!source) return null;
  if (node.at_clause) {
    const hint = "the version that is read is recorded by itself, and read again by reproduce";
    return { message: "AT (VERSION …) is not allowed in a feature query", hint };
  }
  return byParts(source, names.slice(1), offset);
}

function byParts({ name, config }: ReachableSource, parts: readonly string[], offset: number): NamedSource {
  switch (config.type) {
    case "postgres":
    case "mysql":
      return databaseTable(name, config.schemas, parts, offset);
    case "databricks":
    case "spark": {
      const hint = `write features.engine: ${name} in model.yaml, and name its tables by schema: FROM ${config.schemas[0]}.…`;
      return { message: `${name} is read by its own engine (${config.type}), not by DuckDB`, hint };
    }
    case "delta":
    case "iceberg":
      if (parts.length === 0) return { mention: { source: name, path: "", offset } };
      return { message: `${name} is a table itself`, hint: `write FROM ${name}` };
    default:
      return objectPath(name, config.type, parts, offset);
  }
}

function databaseTable(
  name: string,
  schemas: readonly string[],
  parts: readonly string[],
  offset: number,
): NamedSource {
  const [schema = "", table = ""] = parts;
  if (parts.length !== 2) {
    const shown = [name, ...parts].join(".");
    return {
      message: `${shown} does not say which table`,
      hint: `write its schema too: FROM ${name}.${schemas[0]}.${parts[0] ?? "table"}`,
    };
  }
  const allowed = schemas.find((each) => each.toLowerCase() === schema.toLowerCase());
  if (allowed !== undefined) return { mention: { source: name, path: `${allowed}.${table}`, offset } };
  const near = didYouMean(schema, schemas);
  const hint = `${near ? `did you mean ${near}?  ` : ""}allowed: ${schemas.join(", ")}; whoever reviews mergeml.yaml can add others`;
  return { message: `the schema ${schema} is not among the schemas of the source ${name}`, hint };
}

function objectPath(name: string, type: string, parts: readonly string[], offset: number): NamedSource {
  const [path = ""] = parts;
  const example = `FROM ${name}."trips/*.parquet"`;
  if (parts.length !== 1) {
    const shown = [name, ...parts].join(".");
    return {
      message: `${shown} does not say which file of the source ${name}`,
      hint: `write its path in one pair of double quotes: ${example}`,
    };
  }
  const reason = unusablePath(path, type);
  if (reason !== null) return { message: `the path ${JSON.stringify(path)} ${reason}`, hint: `for example ${example}` };
  return { mention: { source: name, path, offset } };
}

/** Prefixes are compared as texts, so that nothing may be in a path that a server could read as leaving it. */
function unusablePath(path: string, type: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return "is an address; sources are named in mergeml.yaml";
  if (path === "" || /^[/\\]/.test(path) || /[\\\p{Cc}]/u.test(path)) return "is not a path below the source";
  if (path.split("/").some((part) => part === ".." || part === ".")) return "leaves the source with `..`";
  if (type !== "http") return null;
  if (/%(2e|2f|5c)/i.test(path)) return "has dots or slashes in disguise";
  if (/[?#]/.test(path)) return "has a query, which a web server may take for anything";
  return /[*[{]/.test(path) ? "is a pattern, and a web server lists nothing" : null;
}

/** How many bytes a mention takes in the query: checked against the text, because the parser's positions are not to be trusted. */
export function mentionLength(bytes: Buffer, { source, path, offset }: SourceMention): number | null {
  const text = bytes.toString("utf8", offset, offset + 3000);
  const found = /^("?)([A-Za-z0-9_]+)\1\s*\.\s*(?:"((?:[^"]|"")*)"|([A-Za-z0-9_]+))/.exec(text);
  if (!found || found[2]!.toLowerCase() !== source) return null;
  const written = found[3]?.replaceAll('""', '"') ?? found[4];
  return written === path ? Buffer.byteLength(found[0]) : null;
}

/** What a query names of sources. */
export interface SourceMention {
  /** The source's name as in mergeml.yaml. */
  source: string;
  /** Objects: a path or pattern below the source. Databases: `schema.table`. A lake's table: empty. */
  path: string;
  /** Byte offset in the query. */
  offset: number;
}

/** A source that a query names, with what it names of it. */
export interface UsedSource {
  name: string;
  config: SourceConfig;
  access: SourceAccess;
  paths: readonly string[];
}

/** The sources that mentions name. Throws UserError with why one cannot be signed in to. */
export function usedSources(mentions: readonly SourceMention[], reachable: readonly ReachableSource[]): UsedSource[] {
  const problems: Problem[] = [];
  const used = reachable.flatMap(({ name, config, access }): UsedSource[] => {
    const paths = mentions.filter(({ source }) => source === name).map(({ path }) => path);
    if (paths.length === 0) return [];
    if (!("problem" in access)) return [{ name, config, access, paths: [...new Set(paths)] }];
    problems.push(access.problem);
    return [];
  });
  if (problems.length > 0) throw new UserError(problems);
  return used;
}
