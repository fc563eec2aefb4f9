import type { CheckResult } from "../data/dataset-store.ts";
import type { Baseline, Evaluation } from "../evaluation/evaluation.ts";
import type { Leak } from "../evaluation/leak.ts";
import { countOf, formatCount } from "../statistics/format-number.ts";
import type { GateCheck } from "./verdict.ts";

/** Each blocking data check that failed; or one line that all passed. Warnings never block. */
export function checkData(results: readonly CheckResult[]): GateCheck[] {
  const blocking = results.filter(({ severity }) => severity === "block");
  const failed = blocking.filter(({ passed }) => !passed);
  if (failed.length > 0) return failed.map(failedCheck);
  if (blocking.length === 0) return [];
  const found = `${formatCount(blocking.length)} of ${formatCount(blocking.length)}`;
  return [{ id: "data", outcome: "pass", limit: "all pass", found, reason: `${found} blocking data checks passed.` }];
}

/** What the checks of severity `warn` found. */
export function dataNotes(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ severity, passed }) => severity === "warn" && !passed)
    .map(({ check, found }) => `Data warning: ${check} does not hold (${found}).`);
}

function failedCheck({ check, found }: CheckResult): GateCheck {
  return {
    id: `data:${check}`,
    outcome: "fail",
    limit: check,
    found,
    reason: `The data check "${check}" failed: ${found}.`,
  };
}

/** Whether the judged rows are other rows than the model learned from. None for records of before it was asked. */
export function checkDuplicates({ duplicates, test_rows, rows }: Evaluation): GateCheck[] {
  if (!duplicates?.kept) return [];
  const { copies, kept } = duplicates;
  const found = `${formatCount(copies)} of ${formatCount(test_rows ?? rows)}`;
  const reason = `${found} test rows are copies of train rows, in all features and the target, and who has learned a row by heart knows its copy; ${kept}. Return each row once, keep what belongs together on one side with features.split.group, or, if new rows will be copies of old ones too, waive duplicates.`;
  return [{ id: "duplicates", outcome: "inconclusive", limit: "other rows than the train split's", found, reason }];
}

/** How many test rows equal a train row, and what became of them. */
export function duplicateNotes({ duplicates, test_rows, rows }: Evaluation): string[] {
  if (!duplicates || duplicates.kept || duplicates.rows === 0) return [];
  const all = formatCount(test_rows ?? rows);
  const { rows: equal, copies, left_out } = duplicates;
  if (left_out > 0)
    return [
      `${formatCount(copies)} of ${all} test rows are copies of train rows, in all features and the target: nobody is judged on them.`,
    ];
  const same = copies === 0 ? "" : `, and ${formatCount(copies)} of them its target too`;
  return [
    `${countOf(equal, "test row")} of ${all} ${equal === 1 ? "has" : "have"} the features of a train row${same}.`,
  ];
}

/** Would callers of production break on the candidate? A new feature is fine; a removed or retyped one, or a dropped class, is not. */
export function checkSignature(
  { features, classes }: Evaluation,
  baseline: Extract<Baseline, { features: unknown }>,
  allowBreaking: boolean,
): GateCheck {
  const breaks = [
    ...baseline.features.flatMap((old) => {
      const now = features.find(({ name }) => name === old.name);
      if (!now) return [`feature ${old.name} was removed`];
      return now.kind === old.kind ? [] : [`feature ${old.name} changed from ${old.kind} to ${now.kind}`];
    }),
    ...baseline.classes.filter((old) => !classes.includes(old)).map((old) => `class ${old} was dropped`),
  ];
  const about = { id: "signature", limit: allowBreaking ? "any (allow_breaking)" : "nothing that callers use is gone" };
  if (breaks.length === 0) {
    const reason = `Callers of production v${baseline.version} can call the candidate unchanged.`;
    return { ...about, outcome: "pass", found: "compatible", reason };
  }
  const found = breaks.join(", ");
  const what = `Callers of production v${baseline.version} would break: ${found}`;
  if (allowBreaking)
    return { ...about, outcome: "pass", found, reason: `${what}; thresholds.allow_breaking accepts it.` };
  return {
    ...about,
    outcome: "fail",
    found,
    reason: `${what}; set thresholds.allow_breaking: true once they are ready.`,
  };
}

/** What changed without breaking callers, worth a note: new features are missing values to old callers, new classes change the outputs' shape. */
export function signatureNotes(
  { features, classes }: Evaluation,
  baseline: Extract<Baseline, { features: unknown }>,
): string[] {
  const added = features
    .filter(({ name }) => !baseline.features.some((old) => old.name === name))
    .map(({ name }) => name);
  const newClasses = classes.filter((name) => !baseline.classes.includes(name));
  return [
    ...(added.length > 0 ? [`New since production v${baseline.version}: feature ${added.join(", ")}.`] : []),
    ...(newClasses.length > 0 && baseline.classes.length > 0
      ? [`New since production v${baseline.version}: class ${newClasses.join(", ")}; probabilities have more columns.`]
      : []),
  ];
}

/** Features that are the target in other clothes block, unless production already predicts with them. */
export function checkLeaks(evaluation: Evaluation): GateCheck[] {
  return (evaluation.leaks ?? [])
    .filter((leak) => !isDeployed(leak, evaluation))
    .map((leak) => ({
      id: `leak:${leak.feature}`,
      outcome: "fail",
      limit: "no feature is the target itself",
      found: leak.found,
      reason: leakSentence(leak),
    }));
}

/** Of those that production predicts with. */
export function leakNotes(evaluation: Evaluation): string[] {
  return (evaluation.leaks ?? []).filter((leak) => isDeployed(leak, evaluation)).map(leakSentence);
}

/** `ycopy looks like the target in other clothes: …` */
export function leakSentence({ feature, found }: Leak): string {
  return `${feature} looks like the target in other clothes: ${found}. Leave it out of the query, or, if it is known before the target is, waive leak:${feature}.`;
}

function isDeployed({ feature }: Leak, { baseline }: Evaluation): boolean {
  return baseline.state === "scored" && baseline.features.some(({ name }) => name === feature);
}
