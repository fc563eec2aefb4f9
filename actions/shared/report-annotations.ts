import { visibleText } from "../../pipelines/errors/visible-text.ts";
import { thresholdPlaces } from "../../pipelines/gate/threshold-place.ts";
import type { JudgedEntry, ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { Action } from "./action.ts";
import type { CheckAnnotation } from "./github/check-run.ts";
import { pathInRepository } from "./repository-path.ts";

/** What blocks a candidate, on the line of its threshold. */
function blockedAt({ candidate: { config }, verdict, locate }: JudgedEntry, env: Action["env"]): CheckAnnotation[] {
  if (locate === undefined) return [];
  const whole = locate(["thresholds"]).line;
  return verdict.checks
    .filter(({ outcome, waived }) => outcome !== "pass" && waived === undefined)
    .map((check) => {
      const places = thresholdPlaces(check, verdict, config).map(locate);
      const { file, line } = places.find((each) => each.line !== whole) ?? places[0] ?? locate(["thresholds"]);
      return {
        ...{ path: pathInRepository(file, env), start_line: line, end_line: line },
        annotation_level: check.outcome === "fail" ? ("failure" as const) : ("warning" as const),
        message: visibleText(
          `${check.reason}\nlimit ${check.limit}, found ${check.found}`.slice(0, 10_000).toWellFormed(),
        ),
        title: visibleText(`mergeml: ${config.name} ${check.id}`.slice(0, 255).toWellFormed()),
      };
    });
}

/** What the check marks on lines of the pull request: mistakes, and the thresholds that block. */
export function annotationsOf(entry: ReportEntry, env: Action["env"]): CheckAnnotation[] {
  if (entry.state === "judged") return blockedAt(entry, env);
  if (entry.state !== "error") return [];
  return entry.problems.flatMap(({ message, hint, where, key, severity }) => {
    if (!where) return [];
    const text = hint ? `${message}\n${hint}` : message;
    return [
      {
        path: pathInRepository(where.file, env),
        start_line: where.line,
        end_line: where.line,
        annotation_level: severity === "warning" ? ("warning" as const) : ("failure" as const),
        message: visibleText(text.slice(0, 10_000).toWellFormed()),
        title: key ? visibleText(`mergeml: ${key}`.slice(0, 255).toWellFormed()) : "mergeml",
      },
    ];
  });
}
