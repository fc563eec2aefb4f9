import { readCandidate } from "../../pipelines/candidate/candidate-directory.ts";
import { firstEnvironment, registerCandidate } from "../../pipelines/deploy.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { describeIdentical, versionOfModel } from "../../pipelines/gate.ts";
import { tellPassingStore } from "../../pipelines/workspace/passing-store.ts";
import { type Command, localOnly, rollbackCommand, wholeNumber } from "../cli/command.ts";

export const register: Command = {
  description:
    "Commits a candidate that passed the gate to the registry branch as the model's next version; with --promote a second commit in the same push puts it into production. When production changed since the gate, it is judged again first.",
  positionals: { min: 1, max: 1 },
  options: {
    promote: { type: "boolean", description: "Also put it into production" },
    "pull-request": { type: "string", value: "N", description: "The pull request it came from, for the record" },
  },
  examples: [
    { command: "mergeml register diamond-price", shows: "the newest candidate becomes a version; production stays" },
    { command: "mergeml register c-7d21e0 --promote", shows: "a version, and in production" },
  ],
  async run({ positionals: [reference = ""], flag, option, workspace, directory }) {
    const opened = await workspace();
    const candidate = await readCandidate(opened.root, reference, directory);
    const { name } = candidate.record.config;
    const same = await versionOfModel(await opened.registry.snapshot({ fetch: true }), candidate.record);
    if (same !== null && candidate.verdict.outcome !== "pass") {
      throw new UserError({
        message: `${name}: ${describeIdentical(same)}`,
        hint: `see: mergeml show ${name}@${same}`,
      });
    }
    if (candidate.verdict.outcome !== "pass") {
      throw new UserError({
        message: `${candidate.record.id.slice(0, 14)} did not pass the gate: ${candidate.verdict.summary}`,
        hint: `see: mergeml gate ${candidate.record.id.slice(0, 14)}`,
      });
    }
    const pullRequest = wholeNumber("pull-request", option("pull-request"));
    const done = await registerCandidate(opened, candidate, { promote: flag("promote"), pullRequest });
    tellPassingStore(opened, [done]);
    const environment = firstEnvironment(opened);
    const undo = done.promoteCommit
      ? `Undo: ${rollbackCommand(name, environment)}   or   git revert ${done.promoteCommit.slice(0, 7)}`
      : `Next: mergeml promote ${name} --to ${done.version}`;
    const text = done.alreadyRegistered
      ? `already registered as ${name}@${done.version}`
      : `${name}@${done.version} is registered${done.promoteCommit ? ` and in ${environment}` : ""}.  ${undo}${localOnly(opened)}`;
    return { text, data: { model: name, remote: opened.remote, ...done } };
  },
};
