import {
  editParams,
  moveDataWindow,
  openStage,
  prepareScratch,
  type Scratch,
  type Stage,
} from "./demo/scratch-repository.ts";

/** The life of three models, played with the real commands on a real git repository with a bare origin. */
async function main(): Promise<void> {
  const started = performance.now();
  const scratch = await prepareScratch();
  const stage = openStage(scratch);
  firstDeploy(stage, scratch);
  betterPullRequest(stage, scratch);
  worsePullRequest(stage, scratch);
  mergeAndRollBack(stage, scratch);
  otherModels(stage);
  driftAndRetrain(stage, scratch);
  lookAround(stage);
  stage.say(`
That was the life of three models, in ${((performance.now() - started) / 1000).toFixed(0)} s.

Where to look next
  the repository        cd ${scratch.repository}
  the registry branch   git -C ${scratch.repository} log --oneline origin/registry
  a model card          git -C ${scratch.repository} show origin/registry:models/flight-delay/versions/1/MODEL_CARD.md
  a model's config      models/diamond-price/model.yaml
  your own model        mergeml init   (docs/models.md)`);
}

function firstDeploy(stage: Stage, { repository }: Scratch): void {
  stage.chapter("1. First deploy: nothing is in production, so the business threshold decides");
  editParams(repository, "diamond-price", "{ trees: 60, learning_rate: 0.1, max_leaves: 15 }");
  stage.git("commit -qam", "Start diamond-price small");
  stage.git("push -q origin main");
  stage.mergeml("init");
  stage.mergeml("run diamond-price");
}

function betterPullRequest(stage: Stage, { repository }: Scratch): void {
  stage.chapter("2. A pull request that makes it better: the report a reviewer reads");
  stage.git("switch -qc more-trees");
  editParams(repository, "diamond-price", "{ trees: 200, learning_rate: 0.1, max_leaves: 31 }");
  stage.git("commit -qam", "Grow more and larger trees");
  stage.mergeml("train diamond-price");
  stage.mergeml("report diamond-price");
  stage.mergeml("gate diamond-price --json", { quiet: true });
}

function worsePullRequest(stage: Stage, { repository }: Scratch): void {
  stage.chapter("3. A pull request that makes it worse: the gate blocks it and says why");
  stage.git("switch -q main");
  stage.git("switch -qc tiny-trees");
  editParams(repository, "diamond-price", "{ trees: 20, learning_rate: 0.1, max_leaves: 4 }");
  stage.git("commit -qam", "Make it tiny");
  stage.mergeml("train diamond-price");
  stage.mergeml("gate diamond-price", { expect: 1 });
}

function mergeAndRollBack(stage: Stage, { registryCheckout }: Scratch): void {
  stage.chapter("4. Merge the better one: it is trained again, gated again, registered and promoted");
  stage.git("switch -q main");
  stage.git("merge -q --no-edit more-trees");
  stage.git("push -q origin main");
  stage.mergeml("plan");
  stage.mergeml("run diamond-price");
  stage.mergeml("run diamond-price");

  stage.chapter("5. Roll back with plain git: revert the promotion on the registry branch");
  stage.git(`clone -q --branch registry --single-branch ../origin.git ${registryCheckout}`);
  stage.git("log --oneline -4", { in: registryCheckout });
  stage.git("revert --no-edit HEAD", { in: registryCheckout });
  stage.git("push -q", { in: registryCheckout });
  stage.mergeml("status");
  stage.say("Production is version 1 again, and the next run does not deploy what was rolled back:");
  stage.mergeml("plan");
  stage.mergeml("run diamond-price");
}

function otherModels(stage: Stage): void {
  stage.chapter("6. Flight delays: 1.5 million rows, split by time");
  stage.mergeml("run flight-delay");
  stage.chapter("7. Bird strikes: a classifier");
  stage.mergeml("run bird-strike");
}

function driftAndRetrain(stage: Stage, { repository }: Scratch): void {
  stage.chapter("8. In June flights are late in another way: drift, and a retrain on newer months");
  stage.mergeml("drift flight-delay --now 2001-06-17", { expect: 1 });
  stage.git("switch -qc retrain-flight-delay");
  moveDataWindow(repository, "flight-delay", { start: "2001-03-19", end: "2001-06-17" });
  stage.git("diff --unified=0 --no-prefix");
  stage.git("commit -qam", "Retrain flight-delay on newer months");
  stage.mergeml("train flight-delay");
  stage.mergeml("gate flight-delay");
  stage.git("switch -q main");
}

function lookAround(stage: Stage): void {
  stage.chapter("9. Trust, but verify");
  stage.mergeml("history diamond-price");
  stage.mergeml("verify");
  stage.mergeml("reproduce diamond-price@2");
  stage.chapter("In production");
  stage.mergeml("status");
}

await main();
