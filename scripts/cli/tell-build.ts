import type { BuildResult } from "../../pipelines/candidate/train-candidate.ts";
import { describeIdentical } from "../../pipelines/gate.ts";
import { renderChecks } from "../../pipelines/report/terminal/check-table.ts";
import type { CommandOutcome } from "./command.ts";
import { exitCodes } from "./tell-error.ts";

/** Tells a build that gave nothing to deploy. Failed data checks are a "no" of the gate: exit 1. */
export function tellBuild(built: Exclude<BuildResult, { state: "judged" }>, width: number): CommandOutcome {
  const { name } = built.model.config;
  if (built.state === "checks-failed") {
    const failed = built.checks.filter((check) => !check.passed);
    const text = `${name}: ${failed.length} of ${built.checks.length} data checks failed; nothing was trained\n\n${renderChecks(built.checks, width)}`;
    return {
      code: exitCodes.gateSaidNo,
      text,
      data: { model: name, state: built.state, checks: built.checks, rows: built.rows },
    };
  }
  const text =
    built.state === "unchanged"
      ? `${name}: nothing to do, v${built.version} in production has these inputs`
      : `${name}: ${describeIdentical(built.version)}`;
  return { text, data: { model: name, state: built.state, version: built.version } };
}
