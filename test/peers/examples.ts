import { cpSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeScratch, type Scratch } from "../scratch.ts";
import { pythonOf } from "./virtual-environment.ts";

const root = join(import.meta.dirname, "../..");

/**
 * A repository with an example, of fewer trees: enough to meet the threshold, and to wait for. Its libraries are those of
 * .cache/peer-examples, made of the same lock files, once for all tests; that a lock file's are made is shown under act.
 */
export async function exampleScratch(example: string): Promise<Scratch> {
  const scratch = makeScratch();
  scratch.env.PATH = `${dirname(pythonOf("peer-examples"))}:${scratch.env.PATH}`;
  cpSync(join(root, "models/examples", example), join(scratch.root, "models", example), { recursive: true });
  for (const data of ["@observablehq/sample-datasets/diamonds.csv", "vega-datasets/data/birdstrikes.csv"])
    cpSync(join(root, "node_modules", data), join(scratch.root, "data", basename(data)));
  editModel(scratch, example, (yaml) =>
    yaml.replace(/(max_iter|n_estimators): 200/, "$1: 60").replace(/^ *environment: requirements\.txt\n/m, ""),
  );
  await scratch.facts(["init"]);
  return scratch;
}

/** Rewrites the model.yaml of an example. */
export function editModel(scratch: Scratch, example: string, edit: (yaml: string) => string): void {
  const path = `models/${example}/model.yaml`;
  scratch.write(path, edit(readFileSync(join(scratch.root, path), "utf8")));
}
