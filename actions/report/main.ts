import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Action } from "../shared/action.ts";
import { downloadArtifacts } from "../shared/github/artifact.ts";
import { downloadFromRun } from "../shared/github/other-run.ts";
import { artifactPrefix } from "../shared/plan-bundle.ts";
import { publishReport } from "../shared/publish-report.ts";
import { collectEntries } from "../shared/report-entries.ts";
import { reportSubject } from "../shared/report-subject.ts";
import { runAction } from "../shared/run-action.ts";

async function report(action: Action): Promise<void> {
  const subject = await reportSubject(action);
  if (subject === null) {
    action.log.info("the pull request is closed or has newer commits: nothing is reported");
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "mergeml-report-"));
  try {
    const wanted = { prefix: artifactPrefix, folder };
    const artifacts =
      subject.otherRun === undefined
        ? await downloadArtifacts(await action.context(), wanted)
        : await downloadFromRun(await action.github(), { ...wanted, runId: subject.otherRun, log: action.log });
    const entries = await collectEntries(action, subject, new Map(artifacts.map((each) => [each.name, each.folder])));
    await publishReport(action, subject, entries);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runAction(report);
