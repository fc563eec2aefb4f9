import type { Problem } from "../errors/user-error.ts";
import type { Git } from "./git/git.ts";
import { readAllObjects } from "./git/objects.ts";
import { readIndexRows, renderIndex } from "./index-page.ts";
import { indexFile } from "./paths.ts";
import { openSnapshot, type SnapshotSource } from "./snapshot.ts";
import { verifyHistory } from "./verify-history.ts";
import { newPart } from "./verify-part.ts";
import { verifyVersions } from "./verify-versions.ts";

/** What checking the whole branch found. It is sound when there are no problems. */
export interface Verification {
  problems: Problem[];
  /** Worth knowing, not wrong: such as an index that the next write will make anew. */
  notes: string[];
  models: number;
  versions: number;
  /** Times a version was put into production, rollbacks to an earlier one included. */
  promotions: number;
  /** The commit that only what came after was checked of, and counted; null when it was everything. */
  since: string | null;
}

/**
 * Checks the branch at `tip`: every file against its hash, every record against its digest, every verdict by giving it again,
 * and every commit: adding versions in order, never changing one, promoting only what passed. With `since`, a commit that was
 * found sound, only what came after it; everything all the same when `tip` does not descend from it, or through merges.
 */
export async function verify(source: SnapshotSource, tip: string, since: string | null = null): Promise<Verification> {
  const snapshot = await openSnapshot(source, tip);
  const part = since === null ? null : await newPart(source.git, tip, since);
  const versions = await verifyVersions(source, tip, part);
  const history = await verifyHistory(source.git, tip, versions, part);
  const models = part === null ? await snapshot.models() : part.models;
  const problems = [
    ...versions.problems,
    ...history.problems,
    ...(await pointerProblems(models, snapshot.production)),
    ...(await pointerProblems(models, snapshot.challenger)),
    ...(await pointerProblems(models, async (model) => {
      for (const environment of await snapshot.environments(model)) await snapshot.pointer(model, environment);
    })),
  ];
  const notes = await indexNotes(source.git, tip);
  return {
    problems: distinct(problems),
    notes,
    models: models.length,
    versions: versions.count,
    promotions: history.promotions,
    since: part?.since ?? null,
  };
}

async function pointerProblems(
  models: readonly string[],
  pointer: (model: string) => Promise<unknown>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const model of models) {
    try {
      await pointer(model);
    } catch (error) {
      problems.push({ message: (error as Error).message });
    }
  }
  return problems;
}

async function indexNotes(git: Git, tip: string): Promise<string[]> {
  const [index] = await readAllObjects(git, [`${tip}:${indexFile}`]);
  if (index?.content.toString("utf8") === renderIndex(await readIndexRows(git, tip))) return [];
  return [
    `${indexFile} is not up to date, as after a revert by plain git; the next registration or promotion makes it anew`,
  ];
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}
