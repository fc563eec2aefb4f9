import { UserError } from "../errors/expected-error.ts";
import { endChallenge } from "./challenge.ts";
import { formatMessage, promoteSubject } from "./commit-message.ts";
import { editIndex, primaryMetric } from "./index-page.ts";
import { pointTo, writePointer } from "./production-pointer.ts";
import { signMove } from "./sign-writes.ts";
import type { Snapshot } from "./snapshot.ts";
import { requireVerdict } from "./still-passes.ts";
import { DamageError, pointerFile } from "./version-record.ts";
import { secureModel, type Writer, writeBranch } from "./write-branch.ts";

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
  /** Where it is to run; production when left out. */
  environment?: string;
  /** Only while it runs there. */
  from?: string;
}

/**
 * Puts a registered version into production, or into another environment, on purpose, also one that was rolled back, once its model was read. Throws UserError
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
    const environment = options.environment ?? "production";
    const from = (await snapshot.pointer(model, environment))?.version ?? null;
    if (options.from !== undefined) await requireRunning(snapshot, model, version, options.from);
    const placed = await secureModel(writer, snapshot, record);
    const result = (ids: readonly string[]) => ({ from, to: version, commit: ids.at(-1) ?? null });
    if (from === version) {
      const message = `keep(${model}): the model of version ${version}\n`;
      return { commits: placed.length > 0 ? [{ message, changes: placed }] : [], result };
    }
    const pullRequest = options.pullRequest ?? record.pull_request;
    const pointer = pointTo(record, { since: now, by: identity.name, pullRequest });
    const inProduction = environment === "production";
    const won = inProduction ? await wonTrial(writer, snapshot, model, version) : null;
    const index = won?.index ?? (await editIndex(writer.git, snapshot.tip, model));
    const { outcome, summary } = record.verdict;
    const facts = { model, version, candidate: record.candidate.id, pullRequest, verdict: outcome, environment };
    const message = formatMessage(promoteSubject(model, from, version, environment), summary, facts);
    const [path, content] = [pointerFile(model, environment), writePointer(pointer)];
    const why = options.why ?? `put into ${environment} by ${identity.name}: ${record.verdict.summary}`;
    const move = {
      environment,
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
      ...(inProduction ? [index.after({ production: { pointer, metric: primaryMetric(record) } })] : []),
    ];
    return { commits: [...(won ? [won.commit] : []), { message, changes }], result };
  });
}

/** Somebody may have moved the other environment on since it was looked at. */
async function requireRunning(snapshot: Snapshot, model: string, version: number, environment: string): Promise<void> {
  const running = (await snapshot.pointer(model, environment))?.version ?? null;
  if (running === version) return;
  throw new UserError({
    message: `${model}@${version} does not run in ${environment}: ${running === null ? "nothing does" : `v${running} does`}`,
    hint: "look at what runs where: mergeml status",
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
