import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { oneLine } from "../../pipelines/errors/inert-markdown.ts";
import type { RollbackResult } from "../../pipelines/registry/rollback.ts";
import { liveLimitLines } from "../../pipelines/report/drift/live-limits.ts";
import { type BrokenCheck, rollBackWhenBroken } from "../../pipelines/roll-back-when-broken.ts";
import {
  type Command,
  type CommandInput,
  type CommandOutcome,
  knownModel,
  localOnly,
  wholeNumber,
  windowOptions,
} from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

export const rollback: Command = {
  description:
    "Takes back the last promotion of a model with a revert commit on the registry branch, as `git revert` by hand does. With --to it goes to that version. The version rolled back stays registered and is held: it is not deployed again until its config changes. With --when-broken it does so only when the version in production breaks a limit of rollback.when on the live data since its promotion, and never twice until somebody promotes a version; exit codes are then 0 rolled back or within its limits, 1 broken and left to you, 4 too little is known to tell.",
  positionals: { min: 1, max: 1 },
  options: {
    to: { type: "string", value: "N", description: "The version to go back to" },
    environment: { type: "string", value: "name", description: "Where; production when left out" },
    "when-broken": { type: "boolean", description: "Only when live data breaks a limit of rollback.when" },
    now: {
      type: "string",
      value: "time",
      description: "With --when-broken: look at the window before this moment, UTC",
    },
    window: {
      type: "string",
      value: "7d",
      description: "With --when-broken: length of the window, instead of drift.window",
    },
  },
  examples: [
    { command: "mergeml rollback flight-delay", shows: "production is what it was before" },
    { command: "mergeml rollback flight-delay --to 2", shows: "version 2, whatever came since" },
    {
      command: "mergeml rollback flight-delay --when-broken",
      shows: "what live data says, and the revert if it says so",
    },
  ],
  run: (input) => (input.flag("when-broken") ? whenBroken(input) : byHand(input)),
};

async function byHand({ positionals: [name = ""], option, workspace }: CommandInput): Promise<CommandOutcome> {
  for (const each of ["now", "window"]) {
    if (option(each) !== undefined)
      throw new UserError({
        message: `--${each} says where to look with --when-broken`,
        hint: "add --when-broken, or leave it out",
      });
  }
  const opened = await workspace();
  const { registry } = opened;
  const snapshot = await registry.snapshot({ fetch: true });
  const to = wholeNumber("to", option("to"));
  const environment = knownEnvironment(option("environment") ?? "production", opened.repository.environments);
  const options = { environment, ...(to !== null && { to }) };
  const done = await registry.rollback(await knownModel(name, snapshot), options);
  const place = environment === "production" ? {} : { environment };
  return {
    text: doneText(name, done, environment) + localOnly(opened),
    data: { model: name, remote: opened.remote, ...place, ...done },
  };
}

async function whenBroken(input: CommandInput): Promise<CommandOutcome> {
  const { positionals, option, workspace } = input;
  const [name = ""] = positionals;
  if (option("environment") !== undefined)
    throw new UserError({
      message: "--when-broken looks at production",
      hint: "leave --environment out",
    });
  if (option("to") !== undefined)
    throw new UserError({
      message: "--to and --when-broken exclude each other",
      hint: "--when-broken goes back to what was in production before",
    });
  const opened = await workspace();
  const check = await rollBackWhenBroken(opened, name, windowOptions(input, opened.clock));
  return { code: codeOf(check), text: checkText(check), data: check };
}

function codeOf({ decision }: BrokenCheck): number {
  if (decision.action === "held") return exitCodes.gateSaidNo;
  return decision.action === "nothing" && !decision.sound ? exitCodes.tooFewRows : exitCodes.done;
}

function checkText({ model, done, ...judgement }: BrokenCheck): string {
  const lines = liveLimitLines(judgement, { safe: (text) => oneLine(text, 300), strong: (text) => text });
  if (judgement.decision.action !== "roll back") return lines.join("\n");
  const after = done
    ? doneText(model, done)
    : `${model}: production changed meanwhile, and nothing was written. See: mergeml history ${model}`;
  return [...lines, after].join("\n");
}

function doneText(name: string, done: RollbackResult, environment = "production"): string {
  const where = `${done.to === null ? "nothing" : `v${done.to}`} is in ${environment} now`;
  const undo = environment === "production" ? `${name} --to ${done.from}` : `${name}@${done.from} --to ${environment}`;
  return `${name}: ${done.from ?? "none"} -> ${done.to ?? "none"}, ${where}  registry@${done.commit.slice(0, 7)}\nUndo: mergeml promote ${undo}`;
}
