import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { sha256 } from "../config/canonical-json.ts";
import { UserError } from "../errors/expected-error.ts";
import { notSelfContained } from "../training/onnx/self-contained.ts";
import { writeAside } from "../workspace/write-aside.ts";
import type { Candidate } from "./train-candidate.ts";

const files = {
  record: "candidate.json",
  evaluation: "evaluation.json",
  verdict: "verdict.json",
  extras: "inputs.json",
  model: "model.onnx",
} as const;

/** Where the candidates of one repository lie: `.mergeml/candidates/<model>/<c-12 hex>/`. */
function candidatesFolder(root: string): string {
  return join(root, ".mergeml", "candidates");
}

/** Writes the candidate's directory whole, beside its place, then renames it in. Returns its path. */
export async function writeCandidate(root: string, candidate: Candidate): Promise<string> {
  const { record, evaluation, verdict, naive, example, model } = candidate;
  const target = join(candidatesFolder(root), record.config.name, record.id.slice(0, 14));
  const aside = `${target}.${process.pid}.part`;
  await rm(aside, { recursive: true, force: true });
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await writeAside(join(aside, files.record), json(record));
  await writeAside(join(aside, files.evaluation), json(evaluation));
  await writeAside(join(aside, files.verdict), json(verdict));
  await writeAside(join(aside, files.extras), json({ naive, example }));
  await writeAside(join(aside, files.model), model);
  await rm(target, { recursive: true, force: true });
  await rename(aside, target);
  return target;
}

/** Reads a candidate by directory, by id (or its beginning), or the newest of a model by its name. Checks model.onnx against the record. */
export async function readCandidate(
  root: string,
  reference: string,
  from: string,
): Promise<Candidate & { directory: string }> {
  const directory = await findCandidate(root, reference, from);
  const json = async (name: string) => JSON.parse(await readFile(join(directory, name), "utf8"));
  try {
    const [record, evaluation, verdict, extras] = await Promise.all(
      [files.record, files.evaluation, files.verdict, files.extras].map(json),
    );
    const model = await readFile(join(directory, files.model));
    if (sha256(model) !== record.model.sha256)
      throw new UserError(changed(join(directory, files.model), record.config.name));
    const outside = notSelfContained(model);
    if (outside) throw new UserError({ message: `${join(directory, files.model)} is not a whole model: ${outside}` });
    return { record, evaluation, verdict, ...extras, model, directory };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      {
        message: `${directory} is not a whole candidate: ${(cause as Error).message}`,
        hint: "make it again: mergeml train <model>",
      },
      { cause },
    );
  }
}

function changed(file: string, model: string) {
  return {
    message: `${file} is not the model that was evaluated: its sha256 differs from candidate.json`,
    hint: `make it again: mergeml train ${model}`,
  };
}

async function findCandidate(root: string, reference: string, from: string): Promise<string> {
  const path = isAbsolute(reference) ? reference : join(from, reference);
  if (existsSync(join(path, files.record))) return path;
  const known = await listCandidates(root);
  const newest = known.filter((each) => each.model === reference).at(-1);
  if (newest) return newest.directory;
  const byId = known.filter(
    (each) =>
      reference.startsWith("c-") &&
      reference.length >= 6 &&
      (each.id.startsWith(reference) || reference.startsWith(each.id)),
  );
  if (byId.length === 1 && byId[0]) return byId[0].directory;
  const list = known.slice(-5).map((each) => `  ${relative(from, each.directory)}`);
  throw new UserError({
    message:
      byId.length > 1 ? `${reference} is the beginning of ${byId.length} candidates` : `no candidate ${reference}`,
    hint:
      list.length > 0
        ? `name a directory, an id or a model. The newest:\n${list.join("\n")}`
        : "make one: mergeml train <model>",
  });
}

/** Every candidate directory of the repository, oldest first. */
export async function listCandidates(
  root: string,
): Promise<{ model: string; id: string; directory: string; modified: Date }[]> {
  const folder = candidatesFolder(root);
  const entries = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  const records = entries.filter((entry) => basename(entry) === files.record && !dirname(entry).endsWith(".part"));
  const found = records.map(async (entry) => {
    const directory = join(folder, dirname(entry));
    const { mtime } = await stat(join(directory, files.record));
    return { model: basename(dirname(directory)), id: basename(directory), directory, modified: mtime };
  });
  return (await Promise.all(found)).sort((a, b) => a.modified.getTime() - b.modified.getTime());
}
