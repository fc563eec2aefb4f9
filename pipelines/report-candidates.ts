import { readCandidate } from "./candidate/candidate-directory.ts";
import type { Candidate } from "./candidate/train-candidate.ts";
import { type ReportEntry, readOutcome } from "./handover/training-outcome.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** What to report for a candidate directory, a candidate's id, or a model: then its last training, failures included. */
export async function reportEntries(
  { root, registry }: Workspace,
  references: readonly string[],
  from: string,
): Promise<ReportEntry[]> {
  const snapshot = await registry.snapshot({ fetch: true });
  return Promise.all(
    references.map(async (reference) => {
      const last = await readOutcome(root, reference);
      if (last && last.state !== "candidate") return last;
      return judgedEntry(snapshot, await readCandidate(root, last?.id ?? reference, from));
    }),
  );
}

/** A candidate beside the version it was compared with; of that version's very model there is nothing to compare. */
async function judgedEntry(snapshot: Snapshot, { record, evaluation, verdict }: Candidate): Promise<ReportEntry> {
  const { baseline } = evaluation;
  const { name } = record.config;
  if (baseline.state !== "none" && baseline.model === record.model.sha256)
    return { state: "identical", model: name, version: baseline.version };
  const production = baseline.state === "none" ? null : await snapshot.record(name, baseline.version);
  return { state: "judged", candidate: record, evaluation, verdict, production };
}
