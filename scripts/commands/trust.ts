import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { adoptVersions } from "../../pipelines/adopt-versions.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { RootSource } from "../../pipelines/registry/trust/current-root.ts";
import { textTable } from "../../pipelines/report/terminal/text-table.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import { trustState } from "../../pipelines/trust-state.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Command, type CommandOutcome, knownModel, versionReference } from "../cli/command.ts";
import { exitCodes } from "../cli/tell-error.ts";

const keyFile = ".mergeml/signing-key.pem";

export const trust: Command = {
  description:
    "Who must have signed what readers take (`trust` in mergeml.yaml, as the default branch has it), what signs here, and which versions are signed. key makes a pair of keys; root brings Sigstore's trusted root up to date; adopt signs versions of before there was `trust`: those that retrain to the same bytes and score the same on the same rows.",
  positionals: { min: 0, max: 50 },
  options: {
    output: { type: "string", value: "PATH", description: "key, root: the file of the public half, or of the root" },
    mirror: { type: "string", value: "URL", description: "root: where a Sigstore of your own keeps its root (TUF)" },
    "first-root": { type: "string", value: "PATH", description: "root: the root.json that you trust that mirror with" },
  },
  examples: [
    { command: "mergeml trust", shows: "who must sign, who would, and what is signed" },
    { command: "mergeml trust key --output keys/ops.pub", shows: "a pair of keys; the private half stays out of git" },
    { command: "mergeml trust root --output keys/trusted-root.json", shows: "what certificates are checked with" },
    { command: "mergeml trust adopt", shows: "signatures of all that can be proved" },
  ],
  async run({ positionals: [verb, ...names], option, workspace, directory, width }) {
    const opened = await workspace();
    if (verb === undefined) return tellState(opened, width);
    if (verb === "key") return makeKey(opened, resolve(directory, option("output") ?? "keys/mergeml.pub"));
    const file = (name: string) => option(name) && resolve(directory, option(name)!);
    const source = { mirror: option("mirror"), firstRoot: file("first-root") };
    if (verb === "root") return bringRoot(opened, file("output"), source);
    if (verb === "adopt") return tellAdopted(opened, names, width);
    throw new UserError({
      message: `mergeml trust has no ${verb}`,
      hint: "it has key, root and adopt: mergeml help trust",
    });
  },
};

async function tellState(opened: Workspace, width: number): Promise<CommandOutcome> {
  const state = await trustState(opened);
  if (state.policy === null)
    return { text: "mergeml.yaml of the default branch has no `trust`: nothing is signed or refused", data: state };
  const rows = state.versions.map(({ model, version, signer, problem }) => [
    `${model}@${version}`,
    problem === null ? (signer ?? "not asked") : problem.replace(/^.*? is not trusted: /, "not trusted: "),
  ]);
  const text = [
    `must sign   ${state.required ? state.wanted : `nobody (require: nothing); signers: ${state.wanted}`}`,
    `signs here  ${state.signer ?? "nothing: no key, no identity"}`,
    ...(state.root
      ? [`root        ${state.root.file}, whose newest part is of ${state.root.newest ?? "no date"}`]
      : []),
    `as of       mergeml.yaml at ${state.policy.slice(0, 7)}`,
    ...(rows.length > 0 ? ["", textTable([{ header: "version" }, { header: "signed by" }], rows, { width })] : []),
  ].join("\n");
  return { text, data: state };
}

/** The private half goes into a file that git leaves alone, and into no output. */
async function makeKey({ root }: Workspace, publicFile: string): Promise<CommandOutcome> {
  const privateFile = join(root, keyFile);
  const taken = [privateFile, publicFile].find((each) => existsSync(each));
  if (taken !== undefined)
    throw new UserError({ message: `there is a key in ${taken} already`, hint: "use that one, or take it away first" });
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await mkdir(dirname(privateFile), { recursive: true });
  await mkdir(dirname(publicFile), { recursive: true });
  await writeFile(privateFile, privateKey.export({ format: "pem", type: "pkcs8" }), { flag: "wx", mode: 0o600 });
  await writeFile(publicFile, publicKey.export({ format: "pem", type: "spki" }), { flag: "wx" });
  const path = publicFile.startsWith(`${root}/`) ? publicFile.slice(root.length + 1) : publicFile;
  return {
    text: [
      `the public half is in ${path}. Into mergeml.yaml, in a pull request with that file:`,
      `trust: { signers: [{ key: ${path} }] }`,
      "",
      `the private half is in ${keyFile}, which git leaves alone. Whoever signs has its text in MERGEML_SIGNING_KEY:`,
      `MERGEML_SIGNING_KEY="$(cat ${keyFile})" mergeml run <model>`,
    ].join("\n"),
    data: { public_key: path, private_key: keyFile },
  };
}

async function bringRoot(
  { root, log }: Workspace,
  output: string | undefined,
  source: RootSource,
): Promise<CommandOutcome> {
  const { currentRoot } = await import("../../pipelines/registry/trust/current-root.ts");
  const text = await currentRoot(join(root, ".mergeml", "tuf"), source);
  if (output === undefined) return { text, data: JSON.parse(text) };
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, `${text}\n`);
  log.info(`wrote ${output}`);
  return { text: `the trusted root is in ${output}: name it as trust.root in mergeml.yaml`, data: { file: output } };
}

async function tellAdopted(opened: Workspace, names: readonly string[], width: number): Promise<CommandOutcome> {
  const snapshot = await opened.registry.snapshot({ fetch: true });
  const choices: { model: string; version: number | null }[] = [];
  for (const name of names.length > 0 ? names : await snapshot.models())
    choices.push(
      name.includes("@")
        ? await versionReference(name, snapshot)
        : { model: await knownModel(name, snapshot), version: null },
    );
  const outcomes = await adoptVersions(opened, choices);
  const rows = outcomes.map(({ model, version, state, detail }) => [`${model}@${version}`, state, detail]);
  const missing = outcomes.filter(({ state }) => state === "not proved").length;
  const closing =
    missing === 0
      ? "all are signed"
      : `${countOf(missing, "version")} not proved, and not trusted: train and deploy anew`;
  const columns = ["version", "", ""].map((header) => ({ header }));
  return {
    code: missing === 0 ? exitCodes.done : exitCodes.gateSaidNo,
    text: [...(rows.length > 0 ? [textTable(columns, rows, { width })] : []), closing].join("\n"),
    data: outcomes,
  };
}
