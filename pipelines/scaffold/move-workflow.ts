import { refText, type ToolRepository } from "./tool-source.ts";

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
