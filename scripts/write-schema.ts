import { readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { modelSchema } from "../pipelines/config/model-schema.ts";
import { modelParts } from "../pipelines/workspace/read-models.ts";

/** Writes models/model.schema.json, which editors complete model.yaml with; `--check` only says whether it is up to date. */
const path = fileURLToPath(new URL("../models/model.schema.json", import.meta.url));
const text = `${JSON.stringify(modelSchema(modelParts()), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const current = await readFile(path, "utf8").catch(() => "");
  if (current !== text) {
    console.error("models/model.schema.json is stale: run npm run schema");
    process.exitCode = 1;
  }
} else {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}
