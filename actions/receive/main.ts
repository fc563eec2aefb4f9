import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { writeOutcome } from "../../pipelines/handover/training-outcome.ts";
import { takeCandidate } from "../../pipelines/take-candidate.ts";
import { type Action, runAction } from "../shared/action.ts";
import { handoverArtifact, handoverPrefix } from "../shared/bundles.ts";
import { downloadArtifacts } from "../shared/github/artifact.ts";

async function receive(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const models = action.list("models");
  const folder = await mkdtemp(join(tmpdir(), "mergeml-received-"));
  try {
    const only = models.map(handoverArtifact);
    const downloaded = await downloadArtifacts(await action.context(), { prefix: handoverPrefix, only, folder });
    const folders = new Map(downloaded.map((each) => [each.name, each.folder]));
    const received: string[] = [];
    for (const model of models) {
      try {
        const outcome = await takeCandidate(workspace, model, folderOf(folders, model), {
          logRuns: action.flag("log-runs"),
        });
        if (outcome.state === "candidate") received.push(model);
        else action.log.info(`${model}: training ended as: ${outcome.state}`);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        action.fail(error.message); // one model's failure does not hide another's result
        await writeOutcome(workspace.root, model, {
          state: "error",
          model,
          problems: error.problems,
          during: "taking the candidate over",
        });
      }
    }
    action.output("received", received.join(" "));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function folderOf(folders: ReadonlyMap<string, string>, model: string): string {
  const folder = folders.get(handoverArtifact(model));
  if (folder !== undefined) return folder;
  const message = `the training job of ${model} handed nothing over`;
  throw new UserError({ message, hint: "see its log; a runner may have been lost" });
}

await runAction(receive);
