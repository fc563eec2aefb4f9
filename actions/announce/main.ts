import { escapeSentence } from "../../pipelines/errors/inert-markdown.ts";
import { type Action, appendJobSummary, runAction } from "../shared/action.ts";
import { judgeOpenAgain } from "../shared/judge-open-again.ts";
import { movedProductions } from "../shared/moved-productions.ts";
import { type DeployedModel, deployResults, keepBlockedIssues, tellMerged } from "./tell-merged.ts";

/** Tells people: merged pull requests and issues what a deploy did, open pull requests that production is another one now. */
async function announce(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const since = action.input("since");
  let moved = since === "" ? action.list("models") : await movedProductions(workspace, snapshot, since);
  if (action.flag("deploy")) {
    const results = await deployResults(action, workspace, snapshot);
    const issues = await keepBlockedIssues(action, workspace, snapshot, results);
    await tellMerged(action, results, issues);
    if (results.length > 0) await appendJobSummary(action.env, summaryOf(results));
    moved = results
      .filter((each) => each.state === "deployed" && each.environment === "production")
      .map(({ model }) => model);
  }
  const again = await judgeOpenAgain(action, snapshot, moved);
  action.output("again", again.join(" "));
  for (const number of again) action.log.info(`#${number} is judged again: production moved`);
}

function summaryOf(results: readonly DeployedModel[]): string {
  const lines = results.map((each) => {
    if (each.state === "deployed") return `- ✅ ${each.model}: v${each.version} is in ${each.environment}`;
    return `- ${each.state === "blocked" ? "❌" : "➖"} ${each.model}: ${escapeSentence(each.why)}`;
  });
  return `### What this deploy came to\n\n${lines.join("\n")}\n`;
}

await runAction(announce);
