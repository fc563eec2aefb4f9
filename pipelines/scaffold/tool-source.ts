import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors/user-error.ts";
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
