import { readPointerChanges, stackDeployments } from "./pointer-changes.ts";
import { earlierPointer, planRollback, type RollbackResult } from "./rollback.ts";
import { type Writer, writeBranch } from "./write-branch.ts";

/** A promotion that was judged on live data, and what was found. */
export interface JudgedPromotion {
  /** The commit that put the version into production. */
  promotion: string;
  /** What it broke, in a line; told in the trailers of the revert commit. */
  reason: string;
}

/**
 * Takes back this very promotion, as `rollback` does. null, and nothing is written, when production is not what that promotion
 * put there any more, or when nothing was there before it: what was judged is not there, or nothing could take its place.
 */
export async function rollbackPromotion(
  writer: Writer,
  model: string,
  { promotion, reason }: JudgedPromotion,
): Promise<RollbackResult | null> {
  return writeBranch<RollbackResult | null>(writer, async (snapshot) => {
    const deployments = stackDeployments(await readPointerChanges(writer.git, snapshot.tip, model));
    const [before, current] = [deployments.at(-2), deployments.at(-1)];
    if (current?.by.commit !== promotion || !before) return { commits: [], result: () => null };
    const target = await earlierPointer(writer, snapshot, model, before.state.blob);
    return planRollback(writer, snapshot, { model, current, target, named: false, automatic: reason });
  });
}
