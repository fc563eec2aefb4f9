import type { CandidateRecord } from "../registry/version-record.ts";
import { fence } from "./markdown/fence.ts";
import type { Fold } from "./model-charts.ts";

/** The commands that give the same model again, with what to compare. */
export function reproduceFold(candidate: CandidateRecord): Fold {
  const lines = [
    // A pull request's commit is its merge with the base branch, which no clone has by itself.
    ...(candidate.commit
      ? [`git fetch origin ${candidate.commit}  # unless your clone has it`, `git checkout ${candidate.commit}`]
      : []),
    candidate.dirty ? "# the model's folder had changes that were not committed" : "",
    `mergeml train ${candidate.config.name}`,
    `# candidate  ${candidate.id}`,
    `# model.onnx ${candidate.model.sha256}`,
  ];
  return { title: "How to reproduce it", body: fence(lines.filter(Boolean).join("\n"), "sh", 10) };
}
