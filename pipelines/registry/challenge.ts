import { UserError } from "../errors/expected-error.ts";
import { challengeSubject, formatMessage } from "./commit-message.ts";
import type { CommitPlan } from "./git/objects.ts";
import { editIndex, type IndexEditor } from "./index-page.ts";
import { bindTo, challengeWords, writePointer } from "./production-pointer.ts";
import type { Snapshot } from "./snapshot.ts";
import { requireVerdict } from "./still-passes.ts";
import { type ChallengerPointer, challengerFile, DamageError, type VersionRecord } from "./version-record.ts";
import { secureModel, type Writer, writeBranch } from "./write-branch.ts";

/** On what a version is tried: a copy of every request, or a share of them, 0 < share < 1. */
export type Trial = Pick<ChallengerPointer, "mode" | "share">;

/** How naming or ending a challenger ended. */
export interface ChallengeResult {
  /** Who was the challenger before; null when nobody was, or when its file could not be read. */
  before: ChallengerPointer | null;
  /** Who is now. */
  challenger: ChallengerPointer | null;
  /** null when that was so already, and nothing was written. */
  commit: string | null;
}

/**
 * Names a registered version as the challenger of what is in production, once its model was read. Throws UserError without
 * production, for the version in production itself, and for one that callers of production could not call.
 */
export async function nameChallenger(
  writer: Writer,
  model: string,
  version: number,
  { mode, share }: Trial,
): Promise<ChallengeResult> {
  return writeBranch<ChallengeResult>(writer, async (snapshot, { identity, now }) => {
    const record = await snapshot.trusted(model, version);
    requireVerdict(record);
    await requireRival(snapshot, record, mode);
    const before = await readable(snapshot, model);
    if (before?.version === version && before.mode === mode && before.share === share)
      return { commits: [], result: () => ({ before, challenger: before, commit: null }) };
    const challenger = { ...bindTo(record, { since: now, by: identity.name }), mode, share };
    const placed = await secureModel(writer, snapshot, record);
    const index = (await editIndex(writer.git, snapshot.tip, model)).after({ challenger });
    const file = { path: challengerFile(model), content: writePointer(challenger) };
    const message = messageOf(record, `${version} ${challengeWords(challenger)}`);
    return {
      commits: [{ message, changes: [...placed, file, index] }],
      result: (ids) => ({ before, challenger, commit: ids[0]! }),
    };
  });
}

/** Ends the trial of a model's challenger; nothing is written when there is none. A challenger.json that cannot be read goes too. */
export async function stopChallenge(writer: Writer, model: string): Promise<ChallengeResult> {
  return writeBranch<ChallengeResult>(writer, async (snapshot) => {
    const before = await readable(snapshot, model);
    const ended = await endChallenge(writer, snapshot, model, "stop");
    const commits = ended === null ? [] : [ended.commit];
    return { commits, result: ([commit]) => ({ before, challenger: null, commit: commit ?? null }) };
  });
}

/**
 * The commit that ends a trial, and the index as it is after it; null when there is no challenger. It is a commit of its own, so
 * that the revert of a promotion does not bring back the trial that led to it.
 */
export async function endChallenge(
  writer: Writer,
  snapshot: Snapshot & { tip: string },
  model: string,
  why: "stop" | "promoted",
): Promise<{ commit: CommitPlan; index: IndexEditor } | null> {
  if (!(await snapshot.hasChallenger(model))) return null;
  const pointer = await readable(snapshot, model);
  const record = pointer && (await snapshot.record(model, pointer.version));
  const index = await editIndex(writer.git, snapshot.tip, model);
  const changes = [{ path: challengerFile(model), content: null }, index.after({ challenger: null })];
  const what = why === "stop" ? "stop" : "promoted";
  const subject = challengeSubject(model, pointer ? `${what} ${pointer.version}` : what);
  const message = record ? messageOf(record, `${what} ${record.version}`) : `${subject}\n`;
  return { commit: { message, changes }, index };
}

function messageOf({ model, version, candidate, pull_request, verdict }: VersionRecord, what: string): string {
  const facts = { model, version, candidate: candidate.id, pullRequest: pull_request, verdict: verdict.outcome };
  return formatMessage(challengeSubject(model, what), null, facts);
}

/** The challenger, or null for a file that is none: whoever replaces or removes it need not read it. */
async function readable(snapshot: Snapshot, model: string): Promise<ChallengerPointer | null> {
  try {
    return await snapshot.challenger(model);
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  }
}

async function requireRival(snapshot: Snapshot, record: VersionRecord, mode: Trial["mode"]): Promise<void> {
  const { model, version, candidate } = record;
  const production = await snapshot.production(model);
  if (production === null)
    throw new UserError({
      message: `${model} has nothing in production that ${model}@${version} could challenge`,
      hint: `put it there: mergeml promote ${model} --to ${version}`,
    });
  if (production.version === version)
    throw new UserError({
      message: `${model}@${version} is in production itself`,
      hint: `name another version as its challenger: mergeml history ${model}`,
    });
  if (mode === "shadow") return;
  const { candidate: ours } = await snapshot.record(model, production.version);
  const broken = [
    ...ours.features.flatMap(({ name, kind }) => {
      const theirs = candidate.features.find((each) => each.name === name);
      return !theirs || theirs.kind === kind ? [] : [`${name} is a ${theirs.kind}, not a ${kind}`];
    }),
    ...candidate.features
      .filter(({ name }) => !ours.features.some((each) => each.name === name))
      .map(({ name }) => `it needs ${name} as well`),
    ...ours.classes.filter((each) => !candidate.classes.includes(each)).map((each) => `it does not know class ${each}`),
    ...candidate.classes.filter((each) => !ours.classes.includes(each)).map((each) => `it says ${each} as well`),
  ];
  if (broken.length === 0) return;
  throw new UserError({
    message: `callers of ${model}@${production.version} cannot be answered by ${model}@${version}: ${broken.join(", ")}`,
    hint: `try it without answering anybody: mergeml challenge ${model}@${version} --shadow`,
  });
}
