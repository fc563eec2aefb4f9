import { glob, realpath } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { didYouMean, type Problem, UserError } from "../../../errors/expected-error.ts";
import { type DataFolder, isInside } from "../../data-folders.ts";
import { isLfsPointer, lfsProblem } from "../../lfs-pointer.ts";
import { locateByte, type SqlText } from "../engine.ts";
import { quoteText } from "./duckdb-session.ts";
import type { FileMention } from "./query-rules.ts";
import { mentionLength, type SourceMention } from "./sources/source-names.ts";

/** One replacement in the query's bytes. */
interface Edit {
  start: number;
  end: number;
  text: Buffer;
}

/** The query as DuckDB gets it: every file name is an absolute path inside a data folder. */
export interface ResolvedQuery {
  text: string;
  files: readonly { name: string; path: string }[];
  /** What it reads of sources: as it is named, and how DuckDB is asked for it. */
  sources: readonly { mention: SourceMention; from: string }[];
  /** The byte offset in the user's text of one in `text`. */
  original(offset: number): number;
}

/**
 * Looks file names up in the data folders, in their order; each is written from its folder or from the root. DuckDB's own search path cannot be used: it tries the working
 * directory first, which is not allowed. Throws UserError for every name that is no relative path, or of no file.
 */
export async function resolveFiles(
  sql: SqlText,
  mentions: readonly FileMention[],
  folders: readonly DataFolder[],
  sources: ResolvedQuery["sources"] = [],
): Promise<ResolvedQuery> {
  const found = await Promise.all(mentions.map((mention) => resolveMention(sql, mention, folders)));
  const problems = found.flatMap((each) => ("message" in each ? [each] : []));
  if (problems.length > 0) throw new UserError(problems);
  const files = found.flatMap((each) => ("path" in each ? [each] : []));
  const edits: Edit[] = files.map(({ path, ...edit }) => ({ ...edit, text: Buffer.from(quoteText(path)) }));
  edits.push(...sourceEdits(sql, sources));
  edits.sort((a, b) => a.start - b.start);
  return {
    text: applyEdits(sql.bytes, edits).toString("utf8"),
    files: files.map(({ name, path }) => ({ name, path })),
    sources,
    original: (offset) => originalOffset(edits, offset),
  };
}

/** Objects are named by their address; tables keep the names that they have in the session. */
function sourceEdits(sql: SqlText, sources: ResolvedQuery["sources"]): Edit[] {
  return sources.flatMap(({ mention, from }) => {
    if (!from.startsWith("'")) return [];
    const length = mentionLength(sql.bytes, mention);
    if (length !== null) return [{ start: mention.offset, end: mention.offset + length, text: Buffer.from(from) }];
    throw new UserError({
      message: `the file of the source ${mention.source} must be written plainly`,
      hint: `${mention.source}.${JSON.stringify(mention.path)}, with nothing between`,
      where: locateByte(sql, mention.offset),
    });
  });
}

type Resolved = { name: string; path: string; start: number; end: number };

async function resolveMention(
  sql: SqlText,
  { name, offset }: FileMention,
  folders: readonly DataFolder[],
): Promise<Resolved | Problem> {
  const where = locateByte(sql, offset);
  const length = quotedLength(sql.bytes, offset, name);
  const reason = length === null ? "must be in plain quotes" : unusable(name);
  if (reason !== null || length === null) {
    return { message: `the file name ${JSON.stringify(name)} ${reason}`, hint: fileNameHint(folders), where };
  }
  const path = await findFile(name, folders);
  if (path !== null && typeof path !== "string") {
    const [one, other] = path.ambiguous;
    return {
      message: `the file name ${name} stands for ${one} and for ${other}`,
      hint: `write '${one}', or rename one`,
      where,
    };
  }
  const pointer = path && (await findPointer(path));
  if (pointer) return { ...lfsProblem(isPattern(name) ? `${basename(pointer)} (${name})` : name), where };
  if (path !== null) return { name, path, start: offset, end: offset + length };
  return { message: `no file ${name} in the data folders`, hint: missingHint(name, folders), where };
}

/** The length of the quoted text at the offset, when it really is the name: the parser's positions are checked, not trusted. */
function quotedLength(bytes: Buffer, offset: number, name: string): number | null {
  const quote = String.fromCharCode(bytes[offset] ?? 0);
  if (quote !== "'" && quote !== '"') return null;
  const written = Buffer.from(`${quote}${name.replaceAll(quote, quote + quote)}${quote}`);
  return bytes.subarray(offset, offset + written.length).equals(written) ? written.length : null;
}

function unusable(name: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return "is an address; feature queries have no network";
  if (/^[/\\~]/.test(name)) return "is an absolute path; files are found in the data folders";
  if (name.split(/[/\\]/).includes("..")) return "leaves its folder with `..`";
  return name === "" || name.includes("\\") ? "is not a file name" : null;
}

/**
 * The path that a name stands for, or a problem when it stands for two. It is written from a data folder, or from the
 * repository's root, as people see it: `x.csv` and `data/x.csv` are one file.
 */
async function findFile(name: string, folders: readonly DataFolder[]): Promise<string | Ambiguous | null> {
  const existing = folders.filter(({ exists }) => exists);
  const within = await firstPlace(
    existing.map((folder) => ({ folder, name })),
    existing,
  );
  const rooted = existing.flatMap((folder) => {
    const below = belowFolder(name, folder);
    return below === null ? [] : [{ folder, name: below }];
  });
  const fromRoot = await firstPlace(rooted, existing);
  if (!within || !fromRoot || within.match === fromRoot.match) return (within ?? fromRoot)?.path ?? null;
  return { ambiguous: [within, fromRoot].map((place) => `${place.folder.name.replace(/\/+$/, "")}/${place.name}`) };
}

/** Two files that one name stands for, each written from the repository's root. */
interface Ambiguous {
  ambiguous: string[];
}

interface Place {
  folder: DataFolder;
  /** Relative to the folder. */
  name: string;
}

/** What is left of a name that begins with the folder, as mergeml.yaml names it. */
function belowFolder(name: string, folder: DataFolder): string | null {
  const prefix = `${posix.normalize(folder.name).replace(/\/+$/, "")}/`;
  const written = posix.normalize(name);
  return written.startsWith(prefix) ? written.slice(prefix.length) : null;
}

async function firstPlace(
  places: readonly Place[],
  allowed: readonly DataFolder[],
): Promise<(Place & { path: string; match: string }) | null> {
  for (const place of places) {
    const path = join(place.folder.path, place.name);
    const match = (await realpath(path).catch(() => null)) ?? (await firstMatch(place));
    if (match !== null && allowed.some((each) => isInside(each.path, match))) return { ...place, path, match };
  }
  return null;
}

function isPattern(name: string): boolean {
  return /[*?[]/.test(name);
}

/** The first of the files that a path or a pattern names which Git LFS has not fetched. */
async function findPointer(path: string): Promise<string | null> {
  const files = isPattern(path) ? glob(path) : [path];
  for await (const file of files) if (await isLfsPointer(file)) return file;
  return null;
}

async function firstMatch({ name, folder }: Place): Promise<string | null> {
  if (!isPattern(name)) return null;
  for await (const match of glob(name, { cwd: folder.path })) return realpath(join(folder.path, match));
  return null;
}

function fileNameHint(folders: readonly DataFolder[]): string {
  return `write it from a data folder (${folders.map(({ name }) => name).join(", ")}) or from the repository's root, e.g. FROM 'data/name.csv'`;
}

function missingHint(name: string, folders: readonly DataFolder[]): string {
  const searched = folders.map((folder) => (folder.exists ? folder.name : `${folder.name} (does not exist)`));
  const files = folders.flatMap((folder) => folder.files);
  const sameName = files.filter((file) => basename(file).toLowerCase() === basename(name).toLowerCase());
  const below = folders.flatMap((folder) => belowFolder(name, folder) ?? [])[0];
  const near = sameName[0] ?? didYouMean(below ?? name, files);
  const list =
    files.length > 0 && files.length <= 20 ? `; there ${files.length === 1 ? "is" : "are"}: ${files.join(", ")}` : "";
  return `${near ? `did you mean '${near}'?  ` : ""}searched: ${searched.join(", ") || "no folder"}${list}`;
}

function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end, text } of edits) {
    parts.push(bytes.subarray(from, start), text);
    from = end;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

function originalOffset(edits: readonly Edit[], offset: number): number {
  let shift = 0;
  for (const { start, end, text } of edits) {
    if (offset < start + shift) break;
    if (offset < start + shift + text.length) return start;
    shift += text.length - (end - start);
  }
  return offset - shift;
}
