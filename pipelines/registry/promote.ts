import { endChallenge } from "./challenge.ts";
import { formatMessage, promoteSubject } from "./commit-message.ts";
import { DamageError } from "./damage.ts";
import { editIndex } from "./index-change.ts";
import { primaryMetric } from "./index-page.ts";
import { secureModel } from "./model-placement.ts";
import { productionFile } from "./paths.ts";
import { pointTo, writePointer } from "./production-pointer.ts";
import { signMove } from "./sign-writes.ts";
import type { Snapshot } from "./snapshot.ts";
import { requireVerdict } from "./still-passes.ts";
import { type Writer, writeBranch } from "./write-branch.ts";

/** How promoting ended. */
export interface PromoteResult {
  from: number | null;
  to: number;
  /** null when `to` was in production already and nothing was written; when it was, a commit only brings its model to the branch. */
  commit: string | null;
}

export interface PromoteOptions {
  pullRequest?: number | null;
  /** A sentence for who asks later; who did it, and the verdict, when left out. */
  why?: string;
}

/**
 * Puts a registered version into production on purpose, also one that was rolled back, once its model was read. Throws UserError
 * unless its verdict is pass.
 */
export async function promote(
  writer: Writer,
  model: string,
  version: number,
  options: PromoteOptions = {},
): Promise<PromoteResult> {
  return writeBranch<PromoteResult>(writer, async (snapshot, { identity, now }) => {
    const record = await snapshot.trusted(model, version);
    requireVerdict(record);
    const production = await snapshot.production(model);
    const from = production?.version ?? null;
    const placed = await secureModel(writer, snapshot, record);
    const result = (ids: readonly string[]) => ({ from, to: version, commit: ids.at(-1) ?? null });
    if (from === version) {
      const message = `keep(${model}): the model of version ${version}\n`;
      return { commits: placed.length > 0 ? [{ message, changes: placed }] : [], result };
    }
    const pullRequest = options.pullRequest ?? record.pull_request;
    const pointer = pointTo(record, { since: now, by: identity.name, pullRequest });
    const won = await wonTrial(writer, snapshot, model, version);
    const index = won?.index ?? (await editIndex(writer.git, snapshot.tip, model));
    const facts = { model, version, candidate: record.candidate.id, pullRequest, verdict: record.verdict.outcome };
    const message = formatMessage(promoteSubject(model, from, version), record.verdict.summary, facts);
    const [path, content] = [productionFile(model), writePointer(pointer)];
    const why = options.why ?? `put into production by ${identity.name}: ${record.verdict.summary}`;
    const move = {
      environment: "production",
      from,
      record,
      path,
      content,
      by: identity.name,
      since: now,
      pullRequest,
      why,
    };
    const changes = [
      ...placed,
      { path, content },
      ...(await signMove(writer, move)),
      index.after({ production: { pointer, metric: primaryMetric(record) } }),
    ];
    return { commits: [...(won ? [won.commit] : []), { message, changes }], result };
  });
}

/** The trial of the version that is promoted is over; that of another goes on, against what is in production then. */
async function wonTrial(writer: Writer, snapshot: Snapshot & { tip: string }, model: string, version: number) {
  const tried = await snapshot.challenger(model).catch((error: unknown) => {
    if (error instanceof DamageError) return null;
    throw error;
  });
  return tried?.version === version ? endChallenge(writer, snapshot, model, "promoted") : null;
}
