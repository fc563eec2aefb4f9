import type { Baseline, Evaluation } from "../evaluation/evaluation.ts";
import type { GateCheck } from "./verdict.ts";

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
