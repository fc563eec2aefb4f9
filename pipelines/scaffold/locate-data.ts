import { existsSync, realpathSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isLfsPointer, lfsProblem } from "../data/lfs-pointer.ts";
import { UserError } from "../errors/expected-error.ts";

/** A data file that queries can name. */
export interface DataFile {
  /** Absolute, without links. */
  path: string;
  /** Relative to the repository, with slashes. */
  name: string;
  /** What a query calls it: relative to the data folder. */
  inQuery: string;
  /** The data folder, relative to the repository. */
  folder: string;
}

/** What was typed, so that the command that mends it can be told. */
interface Typed {
  name?: string;
  target?: string;
}

/** Formats that people have tables in and that queries cannot read, with how to make one that they can. */
const foreign: Readonly<Record<string, [string, string]>> = {
  ".xlsx": ["an Excel workbook", "save its sheet as CSV (in Excel: File, Save as, CSV UTF-8)"],
  ".xls": ["an Excel workbook", "save its sheet as CSV (in Excel: File, Save as, CSV UTF-8)"],
  ".xlsm": ["an Excel workbook", "save its sheet as CSV (in Excel: File, Save as, CSV UTF-8)"],
  ".ods": ["a spreadsheet", "save its sheet as CSV"],
  ".rds": ["an R object", "in R: write.csv(readRDS(file), 'data.csv', row.names = FALSE)"],
  ".rdata": ["an R workspace", "in R: write.csv(table, 'data.csv', row.names = FALSE)"],
  ".pkl": ["a Python pickle", "in Python: pandas.read_pickle(file).to_parquet('data.parquet')"],
  ".feather": ["a Feather file", "in Python: pandas.read_feather(file).to_parquet('data.parquet')"],
  ".arrow": ["an Arrow file", "in Python: pandas.read_feather(file).to_parquet('data.parquet')"],
  ".dta": ["a Stata file", "in Python: pandas.read_stata(file).to_parquet('data.parquet')"],
  ".sav": ["an SPSS file", "in Python: pandas.read_spss(file).to_parquet('data.parquet')"],
  ".h5": ["an HDF5 file", "in Python: pandas.read_hdf(file).to_parquet('data.parquet')"],
  ".db": ["a database", "write the table to a CSV or Parquet file"],
  ".sqlite": ["a database", "write the table to a CSV or Parquet file"],
  ".duckdb": ["a database", "write the table with COPY … TO 'data.parquet'"],
  ".zip": ["an archive", "unpack it: unzip"],
  ".arff": ["an ARFF file", "save it as CSV"],
};

/** Whether a file is a table by its ending, but of a kind that queries cannot read. */
function isForeignTable(name: string): boolean {
  const ending = extname(name).toLowerCase();
  return ending in foreign && ![".zip", ".db", ".sqlite", ".duckdb", ".pkl", ".h5"].includes(ending);
}

/**
 * The file that `--data` names, from the working directory or from the repository's root. `folders` are those that mergeml.yaml
 * lets queries read, null when there is none yet. Throws UserError, with the command that mends it, when queries could not read it.
 */
export async function locateData(
  root: string,
  directory: string,
  given: string,
  folders: readonly string[] | null,
  typed: Typed,
): Promise<DataFile> {
  const found = [resolve(directory, given), resolve(root, given)].find((each) => existsSync(each));
  if (found === undefined) throw new UserError(noFile(given));
  const [realRoot, path] = [realpathSync(root), realpathSync(found)];
  if (statSync(path).isDirectory()) throw new UserError(isFolder(given));
  refuseForeign(given);
  if (await isLfsPointer(path)) throw new UserError(lfsProblem(given));
  const name = relative(realRoot, path);
  if (name.startsWith("..") || isAbsolute(name)) throw new UserError(outside(given, path, folders, typed));
  if (dirname(path) === realRoot && !folders?.includes(".")) throw new UserError(inRoot(name, folders, typed));
  const folder = folders === null ? dirname(name) : folders.find((each) => isBelow(realRoot, each, path));
  if (folder === undefined) throw new UserError(notInFolders(name, folders ?? [], typed));
  const slashes = (text: string) => text.split(sep).join("/");
  return {
    path,
    name: slashes(name),
    folder: slashes(folder),
    inQuery: slashes(relative(join(realRoot, folder), path)),
  };
}

function isBelow(root: string, folder: string, path: string): boolean {
  const below = relative(resolve(root, folder), path);
  return !below.startsWith("..") && !isAbsolute(below);
}

/** Throws UserError with how to make a readable file of it. */
function refuseForeign(name: string): void {
  const [what, how] = foreign[extname(name).toLowerCase()] ?? [];
  if (what === undefined) return;
  throw new UserError({
    message: `${name} is ${what}, which queries cannot read`,
    hint: `${how}; then: mergeml init --data <file>`,
  });
}

function noFile(given: string) {
  return { message: `no file ${given}`, hint: "--data is a path from here, or from the repository's root" };
}

function isFolder(given: string) {
  return {
    message: `${given} is a folder`,
    hint: "give one file of it; the query in features.sql may then name several: FROM 'part-*.parquet'",
  };
}

function inRoot(name: string, folders: readonly string[] | null, typed: Typed) {
  const hint = `queries may read whole folders, and the root holds everything else: ${moving("mv", name, folders, typed)}`;
  return { message: `${name} lies in the repository's root`, hint };
}

function outside(given: string, path: string, folders: readonly string[] | null, typed: Typed) {
  const hint = `data belongs to the repository, so that others and CI have it: ${moving("cp", path, folders, typed)}`;
  return { message: `${given} is outside of the repository`, hint };
}

function notInFolders(name: string, folders: readonly string[], typed: Typed) {
  const list = folders.join(", ");
  const hint = [
    `move it: ${moving("mv", name, folders, typed)}`,
    `or let queries read its folder too, in mergeml.yaml: data: [${[...folders, dirname(name)].join(", ")}]`,
  ].join("\n");
  return { message: `${name} is in none of the data folders of mergeml.yaml (${list})`, hint };
}

function moving(verb: string, from: string, folders: readonly string[] | null, { name, target }: Typed): string {
  const folder = folders?.find((each) => each !== ".") ?? "data";
  const to = `${folder}/${basename(from)}`;
  const model = name === undefined ? "" : ` ${name}`;
  const predicted = target === undefined ? "" : ` --target ${shellWord(target)}`;
  return `mkdir -p ${folder} && ${verb} ${shellWord(from)} ${folder}/ && mergeml init${model} --data ${shellWord(to)}${predicted}`;
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const readable = /\.(csv|tsv|parquet|jsonl|ndjson)(\.(gz|zst))?$/i;
const skipped = new Set(["node_modules", ".git", ".mergeml", ".github", "models"]);
const maxDepth = 3;

/** Files of a repository, relative to its root, sorted; folders deeper than three levels are left alone. */
async function findFiles(root: string, folder = root, depth = 0): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return [relative(root, path)];
      const enter = entry.isDirectory() && !skipped.has(entry.name) && depth < maxDepth;
      return enter ? findFiles(root, path, depth + 1) : [];
    }),
  );
  return found.flat().sort();
}

/**
 * The only data file; null when there is none. Throws UserError when there are several to choose from, or only one that queries
 * cannot read.
 */
export async function onlyDataFile(root: string): Promise<string | null> {
  const all = await findFiles(root);
  const files = all.filter((file) => readable.test(file));
  if (files.length === 0) refuseForeign(all.find(isForeignTable) ?? "");
  if (files.length <= 1) return files[0] ?? null;
  const list = files.slice(0, 10).map((file) => `  --data ${file}`);
  throw new UserError({
    message: `${files.length} data files to choose from`,
    hint: `name the one the model learns from:\n${list.join("\n")}`,
  });
}

/** A small table to start with: flats whose rent follows from size, rooms and city, with an error that looks random. */
export function exampleCsv(rows = 1_000): string {
  const cities = ["Aachen", "Bonn", "Trier", "Ulm"];
  const lines = Array.from({ length: rows }, (_, i) => {
    const size = 20 + ((i * 37) % 131);
    const rooms = 1 + Math.floor(size / 28);
    const city = (i * 13) % cities.length;
    const year = 1950 + ((i * 29) % 74);
    const error = ((i * 7919) % 151) - 75;
    return `${i + 1},${size},${rooms},${year},${cities[city]},${Math.round(7.5 * size + 35 * rooms + 90 * city + 0.8 * (year - 1950) + error)}`;
  });
  return ["flat_id,size_m2,rooms,built,city,rent", ...lines, ""].join("\n");
}
