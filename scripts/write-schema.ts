import { readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { modelSchema } from "../pipelines/config/model-schema.ts";
import { viewSchemaDocument } from "../pipelines/data/features/view-schema.ts";
import { modelParts } from "../pipelines/workspace/workspace.ts";

/** Writes the schemas that editors complete model.yaml and features/<name>.yaml with; `--check` only says whether they are up to date. */
const schemas = {
  "models/model.schema.json": modelSchema(modelParts()),
  "models/features.schema.json": viewSchemaDocument,
};

for (const [name, schema] of Object.entries(schemas)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (process.argv.includes("--check")) {
    const current = await readFile(path, "utf8").catch(() => "");
    if (current !== text) {
      console.error(`${name} is stale: run npm run schema`);
      process.exitCode = 1;
    }
  } else {
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
  }
}
