import { formatMessage, promoteSubject } from "./commit-message.ts";
import { editIndex } from "./index-change.ts";
import { primaryMetric } from "./index-page.ts";
import { productionFile } from "./paths.ts";
import { pointTo, writePointer } from "./production-pointer.ts";
import { requireVerdict } from "./still-passes.ts";
import { type Writer, writeBranch } from "./write-branch.ts";

/** How promoting ended. */
export interface PromoteResult {
  from: number | null;
  to: number;
  /** null when `to` was in production already and nothing was written. */
  commit: string | null;
}

export interface PromoteOptions {
  pullRequest?: number | null;
}

/** Puts a registered version into production on purpose, also one that was rolled back. Throws UserError unless its verdict is pass. */
export async function promote(
  writer: Writer,
  model: string,
  version: number,
  options: PromoteOptions = {},
): Promise<PromoteResult> {
  return writeBranch<PromoteResult>(writer, async (snapshot, { identity, now }) => {
    const record = await snapshot.record(model, version);
    requireVerdict(record);
    const production = await snapshot.production(model);
    const from = production?.version ?? null;
    if (from === version) return { commits: [], result: () => ({ from, to: version, commit: null }) };
    const pullRequest = options.pullRequest ?? record.pull_request;
    const pointer = pointTo(record, { since: now, by: identity.name, pullRequest });
    const index = await editIndex(writer.git, snapshot.tip, model);
    const facts = { model, version, candidate: record.candidate.id, pullRequest, verdict: record.verdict.outcome };
    const message = formatMessage(promoteSubject(model, from, version), record.verdict.summary, facts);
    const changes = [
      { path: productionFile(model), content: writePointer(pointer) },
      index.after({ production: { pointer, metric: primaryMetric(record) } }),
    ];
    return { commits: [{ message, changes }], result: ([commit = null]) => ({ from, to: version, commit }) };
  });
}
