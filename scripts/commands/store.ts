import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { collectGarbage } from "../../pipelines/collect-garbage.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { textTable } from "../../pipelines/report/terminal/text-table.ts";
import { countOf, formatCount } from "../../pipelines/statistics/format-number.ts";
import {
  type CheckedItem,
  listItems,
  pullItems,
  pushItems,
  type VersionChoice,
  verifyItems,
} from "../../pipelines/store-contents.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Command, type CommandOutcome, knownModel, versionReference, wholeNumber } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";
import { tellGarbage } from "./gc.ts";

/** What can be done with a store, and how what was done is called. */
const works = {
  push: { work: pushItems, done: "sent", all: "is in the store" },
  pull: { work: pullItems, done: "fetched", all: "is here" },
  verify: { work: verifyItems, done: "sent", all: "was read back, and is what its name says" },
} as const;

export const store: Command = {
  description:
    "The store of mergeml.yaml that other machines read: train, test and prediction rows of every version, and models too large for git, each under the hash of its content. push sends what is here and not yet there, pull fetches, ls lists, verify reads everything back and compares, gc deletes what nothing refers to, key makes the pair of keys that step_cache of mergeml.yaml wants. Deploys send and read back by themselves, and whatever needs a dataset fetches it: these are for looking and mending.",
  positionals: { min: 1, max: 50 },
  options: {
    "dry-run": { type: "boolean", description: "gc: only say what would be deleted" },
    "grace-days": { type: "string", value: "N", description: "gc: keep what is younger than N days" },
  },
  examples: [
    { command: "mergeml store ls", shows: "what is there, and which versions need it" },
    { command: "mergeml store pull flight-delay@3", shows: "the rows of a version" },
    { command: "mergeml store verify", shows: "that everything versions stand on is there" },
    { command: "mergeml store gc --dry-run", shows: "what would be deleted" },
    { command: "mergeml store key", shows: "the pair of keys of step_cache" },
  ],
  async run({ positionals: [verb = "", ...names], flag, option, workspace, width }) {
    const opened = await workspace();
    if (verb === "ls") return tellItems(opened, width);
    if (verb === "key") return makeStepKey(opened);
    if (verb === "gc") {
      const graceDays = wholeNumber("grace-days", option("grace-days")) ?? opened.repository.gc_grace_days;
      return tellGarbage(await collectGarbage(opened, { dryRun: flag("dry-run"), graceDays }));
    }
    if (!Object.hasOwn(works, verb)) throw noSuchVerb(verb);
    const { work, done, all } = works[verb as keyof typeof works];
    const snapshot = await opened.registry.snapshot({ fetch: true });
    const choices: VersionChoice[] = [];
    for (const name of names) choices.push(await choiceOf(name, snapshot));
    return tellChecked(await work(opened, choices), { done, all }, opened);
  },
};

async function choiceOf(name: string, snapshot: Snapshot): Promise<VersionChoice> {
  return name.includes("@")
    ? versionReference(name, snapshot)
    : { model: await knownModel(name, snapshot), version: null };
}

function noSuchVerb(verb: string): UserError {
  return new UserError({
    message: `mergeml store has no ${verb}`,
    hint: "write: mergeml store push, pull, ls, verify, gc or key",
  });
}

function tellChecked(
  checked: readonly CheckedItem[],
  { done, all }: { done: string; all: string },
  { store: { title } }: Workspace,
): CommandOutcome {
  const problems = checked.flatMap(({ problem, part, model, version }) =>
    problem === null ? [] : [`${model}@${version} ${part}: ${problem}`],
  );
  const folders = checked.flatMap(({ folder, model, version }) =>
    folder === undefined ? [] : [`${model}@${version} is in ${folder}`],
  );
  const bytes = checked.reduce((sum, each) => sum + each.bytes, 0);
  const moved = bytes > 0 ? `${kilobytes(bytes)} ${done}; ` : "";
  const good = `${moved}${countOf(checked.length - problems.length, "item")} of ${checked.length}: ${all}  (${title})`;
  return {
    code: problems.length > 0 ? exitCodes.environment : exitCodes.done,
    text: [...problems, ...folders, good].join("\n"),
    data: { store: title, bytes, items: checked },
  };
}

async function tellItems(workspace: Workspace, width: number): Promise<CommandOutcome> {
  const items = await listItems(workspace);
  const rows = items.map(({ name, labels, bytes, stored, needed }) => [
    name.length > 40 ? `${name.slice(0, 24)}…` : name,
    labels.split ?? kinds[name.split(":")[0] ?? ""] ?? "model",
    kilobytes(bytes),
    stored.toISOString().slice(0, 10),
    needed.map(({ model, version }) => `${model}@${version}`).join(", ") || (isStep(name) ? "later runs" : "nothing"),
  ]);
  const columns = ["name", "what", "size", "stored", "needed by"].map((header) => ({ header }));
  const total = `${countOf(items.length, "item")}, ${kilobytes(items.reduce((sum, { bytes }) => sum + bytes, 0))}, in ${workspace.store.title}`;
  return {
    text:
      rows.length > 0
        ? `${textTable(columns, rows, { width })}\n${total}`
        : `nothing is in ${workspace.store.title} yet`,
    data: { store: workspace.store.title, items },
  };
}

/** What is no dataset, by the beginning of its name. */
const kinds: Readonly<Record<string, string>> = { sha256: "model", step: "step", version: "version" };

function isStep(name: string): boolean {
  return name.startsWith("step:");
}

/** The private half goes into a file that git leaves alone, and into no output. */
async function makeStepKey({ root }: Workspace): Promise<CommandOutcome> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const file = join(root, stepKeyFile);
  await writeFile(file, `${privateKey.export({ format: "der", type: "pkcs8" }).toString("base64")}\n`, {
    flag: "wx",
    mode: 0o600,
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
    const hint = "use that one, or take it away first";
    throw new UserError({ message: `there is a private key in ${stepKeyFile} already`, hint }, { cause });
  });
  const text = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return {
    text: [
      "into mergeml.yaml:",
      `step_cache: { public_key: ${text} }`,
      "",
      `the private half is in ${stepKeyFile}. Make it the secret MERGEML_STEP_KEY of an environment that only the main branch may`,
      "use, so that no pull request can have it, and delete the file:",
      `gh secret set MERGEML_STEP_KEY --env production < ${stepKeyFile}`,
    ].join("\n"),
    data: { public_key: text, private_key_file: stepKeyFile },
  };
}

const stepKeyFile = ".mergeml/step.key";

function kilobytes(bytes: number): string {
  return `${formatCount(Math.ceil(bytes / 1024))} kB`;
}
