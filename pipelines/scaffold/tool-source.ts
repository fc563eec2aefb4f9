import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors/expected-error.ts";
import { isToolFile, toolFile } from "../workspace/tool-file.ts";
import { toolVersion } from "../workspace/tool-version.ts";
import { ownRelease } from "./own-release.ts";

/** mergeml's actions in a repository at a ref; `version` is the release's that this is, which updaters read beside the ref. */
export interface ToolRepository {
  kind: "repository";
  name: string;
  ref: string;
  version: string | null;
}

/** Where the workflows find mergeml: in the repository itself, when it was made from the template, in another one, or nobody said. */
export type ToolSource = { kind: "template" } | { kind: "unknown" } | ToolRepository;

/**
 * A repository made from the template has the actions itself; any other uses those that `actions` names, such as
 * `acme/mergeml@v1.2.0`, or else those of the release that runs. There is no other default: a name that nobody owns could be
 * anybody's tomorrow.
 */
export function toolSource(root: string, actions?: string): ToolSource {
  if (actions !== undefined) return namedActions(actions);
  const file = join(root, toolFile);
  if (existsSync(file) && isToolFile(readFileSync(file, "utf8"))) return { kind: "template" };
  const release = ownRelease();
  if (release === null) return { kind: "unknown" };
  return { kind: "repository", name: release.repository, ref: release.commit, version: toolVersion };
}

/** `owner/repository@ref`, and behind a commit's id the version that it is: `…@4be91c2… # v1.2.0`. */
export function namedActions(actions: string): ToolRepository {
  const [, name, ref, version] = /^([\w.-]+\/[\w.-]+)@([\w./-]+)(?:\s*#\s*v?([\w.-]+))?$/.exec(actions) ?? [];
  if (name && ref) return { kind: "repository", name, ref, version: version ?? null };
  const hint = `write owner/repository@ref, e.g. acme/mergeml@v${toolVersion}`;
  throw new UserError({ message: `--actions is "${actions}", not a repository at a ref`, hint });
}

/** The ref as YAML has it, with the version as a comment that Dependabot and Renovate keep up to date. */
export function refText({ ref, version }: Pick<ToolRepository, "ref" | "version">): string {
  return version === null ? ref : `${ref} # v${version}`;
}

const called =
  /^(\s*(?:-\s+)?uses:\s*)([\w.-]+\/[\w.-]+)(\/(?:\.github\/workflows|actions)\/[\w./-]+)@(\S+)([^\S\n]*#.*)?$/gm;
/** Names that nobody else's workflows have. */
const own = /^\s*uses:\s*([\w.-]+\/[\w.-]+)\/\.github\/workflows\/model-(?:pr|report|deploy|promote)\.ya?ml@(\S+)/gm;
/** As `mergeml init` wrote them before a called workflow knew where it comes from. */
const inputs = /^(\s*mergeml-repository:\s*)(\S+)(\n\s*mergeml-ref:\s*)(\S+)([^\S\n]*#.*)?$/gm;
const checkedOut =
  /^(\s*repository:\s*)([\w.-]+\/[\w.-]+)(\n\s*ref:\s*)(\S+)([^\S\n]*#.*)?(\n\s*path:\s*\.mergeml\/tool)$/gm;

/** Which mergeml a workflow uses: `owner/name@ref` of each place that says so; empty when none does. */
export function toolOf(text: string): string[] {
  const found = [
    ...[...text.matchAll(own)].map(([, name, ref]) => `${name}@${ref}`),
    ...[...text.matchAll(inputs)].map(([, , name, , ref]) => `${name}@${ref}`),
    ...[...text.matchAll(checkedOut)].map(([, , name, , ref]) => `${name}@${ref}`),
  ];
  return [...new Set(found)];
}

/** What a text calls of these repositories: `owner/name@ref`. */
export function callsOf(text: string, names: ReadonlySet<string>): string[] {
  return [...text.matchAll(called)].flatMap(([, , name = "", , ref]) => (names.has(name) ? [`${name}@${ref}`] : []));
}

/**
 * A workflow that uses mergeml's, moved to another release; all else of it stays as people adapted it. `names` are the
 * repositories that have mergeml. A text that uses none is given back as it is.
 */
export function moveWorkflow(text: string, to: ToolRepository, names: ReadonlySet<string>): string {
  const ref = refText(to);
  return text
    .replaceAll(called, (whole, uses, name, path) => (names.has(name) ? `${uses}${to.name}${path}@${ref}` : whole))
    .replaceAll(inputs, (_, key, _name, between) => `${key}${to.name}${between}${ref}`)
    .replaceAll(
      checkedOut,
      (_, key, _name, between, _ref, _comment, path) => `${key}${to.name}${between}${ref}${path}`,
    );
}
