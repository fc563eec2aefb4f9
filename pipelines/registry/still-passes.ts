import { UserError } from "../errors/expected-error.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { judge, recheckVerdict } from "../gate/judge.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { CandidateRecord, ProductionPointer, VersionRecord } from "./version-record.ts";

export interface Judged {
  evaluation: Evaluation;
  verdict: Verdict;
}

/** Whether the verdict was given against what is in production now. */
export function judgedAgainst({ verdict: { binds } }: Judged, production: ProductionPointer | null): boolean {
  return (
    binds.baseline_version === (production?.version ?? null) && binds.baseline_model === (production?.model ?? null)
  );
}

/** Recomputes the verdict and what it binds. Throws UserError unless it is this candidate's, unaltered, and says pass. */
export function requirePass(candidate: CandidateRecord, { evaluation, verdict }: Judged): void {
  const { name } = candidate.config;
  recheckVerdict(verdict, evaluation, candidate.config.thresholds, candidate.checks);
  const [wrong] = misbound(candidate, { evaluation, verdict });
  if (wrong !== undefined) {
    throw new UserError({
      message: `the verdict on ${name} is about another ${wrong} than the candidate's`,
      hint: `judge it again: mergeml train ${name}`,
    });
  }
  if (verdict.outcome !== "pass") {
    throw new UserError({
      message: `${name} may not be registered: ${verdict.summary}`,
      hint: "only what the gate lets pass is registered",
    });
  }
}

/**
 * Throws UserError unless a registered version passed the gate and judging it again says so too. Only the outcome counts
 * here: a later mergeml may word its reasons otherwise, and the record's digest guards the words.
 */
export function requireVerdict(record: VersionRecord): void {
  const [problem] = verdictProblems(record);
  const found = problem ?? (record.verdict.outcome === "pass" ? null : `its verdict is ${record.verdict.outcome}`);
  if (found === null) return;
  const message = `${record.model}@${record.version} cannot be put into production: ${found}`;
  throw new UserError({ message, hint: "only a version that passed the gate goes into production" });
}

/** What is wrong with a registered version's verdict: it is about something else, or comes out otherwise. */
export function verdictProblems(record: VersionRecord): string[] {
  try {
    return judgedOtherwise(record);
  } catch (cause) {
    // A record that somebody sealed by hand may lack what judging needs.
    if (!(cause instanceof TypeError)) throw cause;
    return [`its verdict cannot be given again: ${cause.message}`];
  }
}

function judgedOtherwise(record: VersionRecord): string[] {
  const { candidate, evaluation, verdict } = record;
  const { evaluation: _evaluation, thresholds: _thresholds, ...binds } = verdict.binds;
  const again = judge(evaluation, candidate.config.thresholds, {
    today: verdict.judged_on,
    binds,
    checks: candidate.checks,
  });
  const problems = misbound(candidate, record).map(
    (name) => `its verdict is about another ${name} than the candidate's`,
  );
  if (again.outcome !== verdict.outcome)
    problems.push(`its verdict is recorded as ${verdict.outcome}, and judging again gives ${again.outcome}`);
  if (again.binds.evaluation !== verdict.binds.evaluation)
    problems.push("its verdict is about another evaluation than the record's");
  if (again.binds.thresholds !== verdict.binds.thresholds)
    problems.push("its verdict is about other thresholds than the record's");
  return problems;
}

/** Names of what the verdict binds and the candidate or the evaluation contradicts. */
function misbound(candidate: CandidateRecord, { evaluation, verdict: { binds } }: Judged): string[] {
  const { baseline } = evaluation;
  const same: readonly [string, unknown, unknown][] = [
    ["definition", binds.definition, candidate.definition],
    ["train split", binds.train_fingerprint, candidate.train.fingerprint],
    ["test split", binds.test_fingerprint, candidate.test.fingerprint],
    ["test split", evaluation.test_fingerprint, candidate.test.fingerprint],
    ["model", binds.candidate_model, candidate.model.sha256],
    ["model", evaluation.model, candidate.model.sha256],
    ["baseline", binds.baseline_version, baseline.state === "none" ? null : baseline.version],
    ["baseline", binds.baseline_model, baseline.state === "none" ? null : baseline.model],
  ];
  return same.filter(([, bound, found]) => bound !== found).map(([name]) => name);
}
