import { canonicalJson } from "../config/canonical-json.ts";
import type { Thresholds } from "../config/model-config.ts";
import type { CheckResult } from "../data/dataset-store.ts";
import { type Problem, UserError } from "../errors/user-error.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { judge } from "./judge.ts";
import type { Verdict } from "./verdict.ts";

const mend =
  "The verdict does not belong to this evaluation, thresholds and data checks, or was edited. Run the gate again.";
const shownDifferences = 10;

/** Judges again, as of the verdict's own day, and throws a UserError that names each part of the verdict that comes out otherwise. */
export function recheckVerdict(
  verdict: Verdict,
  evaluation: Evaluation,
  thresholds: Thresholds,
  checks: readonly CheckResult[],
): void {
  const again = judgeAgain(verdict, evaluation, thresholds, checks);
  const differences = differencesBetween("verdict", verdict, again);
  if (differences.length === 0) return;
  throw new UserError(differences.slice(0, shownDifferences));
}

/** A record that was edited into something without the right shape is the user's to mend, not a bug here. */
function judgeAgain(
  verdict: Verdict,
  evaluation: Evaluation,
  thresholds: Thresholds,
  checks: readonly CheckResult[],
): Verdict {
  try {
    return judge(evaluation, thresholds, { today: verdict.judged_on, binds: knownBinds(verdict), checks });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UserError({ message: `The verdict cannot be judged again: ${cause.message}`, hint: mend }, { cause });
  }
}

function knownBinds({ binds }: Verdict): Omit<Verdict["binds"], "evaluation" | "thresholds"> {
  const { evaluation, thresholds, ...known } = binds;
  return known;
}

function differencesBetween(path: string, recorded: unknown, again: unknown): Problem[] {
  if (canonicalText(recorded) === canonicalText(again)) return [];
  if (!isContainer(recorded) || !isContainer(again) || Array.isArray(recorded) !== Array.isArray(again)) {
    return [differenceAt(path, recorded, again)];
  }
  const keys = new Set([...Object.keys(recorded), ...Object.keys(again)]);
  return [...keys].flatMap((key) => {
    const inner = Array.isArray(recorded) ? `${path}[${key}]` : `${path}.${key}`;
    return differencesBetween(inner, member(recorded, key), member(again, key));
  });
}

function differenceAt(path: string, recorded: unknown, again: unknown): Problem {
  return {
    message: `${path} is recorded as ${shown(recorded)}, and judging again gives ${shown(again)}`,
    key: path,
    hint: mend,
  };
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function member(container: object, key: string): unknown {
  return (container as Record<string, unknown>)[key];
}

/** Never throws: a verdict read from a file may hold anything JSON can, and so nothing canonical JSON refuses. */
function canonicalText(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

function shown(value: unknown): string {
  const text = canonicalText(value) ?? "absent";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
