import { type Problem, UserError } from "../errors/expected-error.ts";
import type { Git } from "./git/git.ts";
import { type LoggedChange, type LoggedCommit, readCommits, readMergeChanges } from "./git/log.ts";
import { readAllObjects } from "./git/objects.ts";
import { checkPointer, readChallenger, readPointer } from "./production-pointer.ts";
import { modelFile, referenceFile } from "./stored-model.ts";
import { verdictBundleFile } from "./trust/verdict-statement.ts";
import type { BranchPart } from "./verify.ts";
import type { VerifiedVersions } from "./verify-versions.ts";
import { parsePath, type RegistryPath, recordFile, type VersionRecord } from "./version-record.ts";

export interface BranchHistory {
  problems: Problem[];
  promotions: number;
}

interface Move {
  kind: "production" | "challenger" | "environment";
  path: string;
  commit: LoggedCommit;
  model: string;
  blob: string;
  /** Highest version of the model at that commit. */
  known: number;
}

/**
 * Checks every commit of the branch, or of a part of it, oldest first and all sides of its merges. `records` are those at the tip;
 * a version never changes, so they hold for all commits.
 */
export async function verifyHistory(
  git: Git,
  tip: string,
  { records, signatures }: Pick<VerifiedVersions, "records" | "signatures">,
  part: BranchPart | null,
): Promise<BranchHistory> {
  const problems: Problem[] = [];
  const highest = new Map(part?.highest);
  const moves: Move[] = [];
  const merges: LoggedCommit[] = [];
  for await (const commit of readCommits(git, { tip, after: part?.since, oldestFirst: true })) {
    if (commit.parents.length > 1) merges.push(commit);
    problems.push(...shapeProblems(commit), ...versionProblems(commit, highest, records));
    for (const { path, after } of commit.changes) {
      const parsed = parsePath(path);
      if (isPointer(parsed) && after !== null) {
        const { kind, model } = parsed;
        moves.push({ kind, path, commit, model, blob: after, known: highest.get(model) ?? 0 });
      }
    }
  }
  const contents = await readAllObjects(
    git,
    moves.map((move) => move.blob),
  );
  const wrong = moves.flatMap((move, index) =>
    moveProblem(move, contents[index]?.content ?? Buffer.alloc(0), records, signatures),
  );
  problems.push(...(await mergeProblems(git, merges, new Set(moves.map(({ blob }) => blob)))), ...wrong);
  return { problems, promotions: moves.filter(({ kind }) => kind === "production").length };
}

function shapeProblems(commit: LoggedCommit): Problem[] {
  const problems: Problem[] = [];
  for (const { path, mode, after } of commit.changes) {
    if (parsePath(path).kind === "other" && after !== null)
      problems.push(at(commit, `adds ${JSON.stringify(path)}, which is nothing a registry has`));
    else if (after !== null && mode !== "100644")
      problems.push(at(commit, `makes ${path} something else than a plain file (mode ${mode})`));
  }
  return problems;
}

/** Versions come whole, in one commit, in order, and then stay as they are. */
function versionProblems(
  commit: LoggedCommit,
  highest: Map<string, number>,
  records: ReadonlyMap<string, VersionRecord>,
): Problem[] {
  const problems: Problem[] = [];
  const added = new Set<string>();
  for (const { path } of commit.changes.filter(isAddition)) {
    const parsed = parsePath(path);
    if (parsed.kind !== "version-file" || parsed.file !== recordFile) continue;
    const next = (highest.get(parsed.model) ?? 0) + 1;
    if (parsed.version !== next)
      problems.push(at(commit, `adds ${parsed.model}@${parsed.version} where version ${next} was next`));
    highest.set(parsed.model, Math.max(parsed.version, next - 1));
    added.add(`${parsed.model}@${parsed.version}`);
  }
  for (const change of commit.changes) {
    const parsed = parsePath(change.path);
    if (parsed.kind !== "version-file") continue;
    const version = `${parsed.model}@${parsed.version}`;
    if (isAddition(change) && (added.has(version) || isBrought(parsed.file, records.get(version)))) continue;
    // It vouches for the record and is checked by itself: an adoption adds it, and another key may sign anew.
    if (parsed.file === verdictBundleFile && change.after !== null) continue;
    const did = change.after === null ? "deletes" : change.before === null ? "adds" : "changes";
    problems.push(at(commit, `${did} ${change.path}, but a registered version never changes`));
  }
  return problems;
}

/** A model that came to the branch after its version, which had a reference to it; its hash is checked with the version. */
function isBrought(file: string, record: VersionRecord | undefined): boolean {
  return file === modelFile && record?.files[referenceFile] !== undefined;
}

function isAddition({ before, after }: LoggedChange): boolean {
  return before === null && after !== null;
}

type PointerPath = Extract<RegistryPath, { kind: "production" | "challenger" | "environment" }>;

function isPointer(parsed: RegistryPath): parsed is PointerPath {
  return parsed.kind === "production" || parsed.kind === "challenger" || parsed.kind === "environment";
}

const pointers = {
  production: { verb: "promotes", read: readPointer },
  environment: { verb: "promotes", read: readPointer },
  challenger: { verb: "tries", read: readChallenger },
} as const;

function moveProblem(
  { kind, path, commit, model, blob, known }: Move,
  content: Uint8Array,
  records: ReadonlyMap<string, VersionRecord>,
  signatures: VerifiedVersions["signatures"],
): Problem[] {
  try {
    const { verb, read } = pointers[kind];
    if (content.length === 0) return [at(commit, `leaves ${path} without content (${blob})`)];
    const pointer = read(content, model, path);
    const record = records.get(`${model}@${pointer.version}`);
    if (pointer.version > known)
      return [at(commit, `${verb} ${model}@${pointer.version}, which was not registered then`)];
    if (!record) return [at(commit, `${verb} ${model}@${pointer.version}, whose record cannot be read`)];
    checkPointer(pointer, record, path);
    if (signatures.get(`${model}@${pointer.version}`) instanceof UserError)
      return [at(commit, `${verb} ${model}@${pointer.version}, whose verdict nobody has signed who must`)];
    return [];
  } catch (error) {
    return [at(commit, `is wrong: ${(error as Error).message}`)];
  }
}

/** A merge is as good as a line when its versions are those of its parents together, and its pointers were there before. */
async function mergeProblems(
  git: Git,
  merges: readonly LoggedCommit[],
  known: ReadonlySet<string>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, sides] of (await readMergeChanges(git, merges)).entries()) {
    const paths = new Set(sides.flatMap((side) => side.map(({ path }) => path)));
    for (const path of paths) {
      const against = sides.map((side) => side.find((change) => change.path === path) ?? null);
      const what = mergedProblem(path, against, known);
      if (what !== null) problems.push(at(merges[index]!, `is a merge that ${what}`));
    }
  }
  return problems;
}

/** What is wrong with a file of a merge, by how it differs from each parent's (null: not at all); null when nothing is. */
function mergedProblem(
  path: string,
  against: readonly (LoggedChange | null)[],
  known: ReadonlySet<string>,
): string | null {
  const parsed = parsePath(path);
  const { kind } = parsed;
  const changes = against.filter((each) => each !== null);
  const after = changes[0]?.after ?? null;
  const isNew = changes.length === against.length && after !== null;
  if (kind === "version-file") {
    if (isNew) return `brings ${path}, which none of its parents has so`;
    const lost = changes.some(({ before }) => before !== null);
    return lost ? `${after === null ? "deletes" : "changes"} ${path}, but a registered version never changes` : null;
  }
  if (!isNew) return null;
  if (kind === "other") return `adds ${JSON.stringify(path)}, which is nothing a registry has`;
  if (changes.some(({ mode }) => mode !== "100644")) return `makes ${path} something else than a plain file`;
  return isPointer(parsed) && !known.has(after) ? `changes ${path} to what none of its parents has` : null;
}

function at({ commit, subject, author }: LoggedCommit, what: string): Problem {
  return { message: `commit ${commit.slice(0, 10)} (${subject}, by ${author}) ${what}` };
}
