import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import type { Plugin } from "esbuild";
import { modelSchema } from "../../pipelines/config/model-schema.ts";
import { repositorySchema } from "../../pipelines/config/repository-schema.ts";
import { readings, type SchemaUse, validatorKey } from "../../pipelines/config/schema/validator-of.ts";
import { viewSchema } from "../../pipelines/features/view-schema.ts";
import { driftEntrySchema } from "../../pipelines/handover/drift-handover.ts";
import { planSchema } from "../../pipelines/handover/plan-handover.ts";
import { bundleSchema } from "../../pipelines/handover/training-schema.ts";
import { foundDriftSchema } from "../../pipelines/run-log/found-drift.ts";
import { runSchema } from "../../pipelines/run-log/parse-run.ts";
import { modelParts } from "../../pipelines/workspace/read-models.ts";

/** What every command or job reads; a schema that a repository's own sources change is compiled where it is needed. */
export function ownSchemas(): Record<SchemaUse, readonly object[]> {
  const { $schema: _, ...model } = modelSchema(modelParts(), { spaces: false });
  return {
    written: [model, repositorySchema, viewSchema],
    handed: [planSchema, bundleSchema, driftEntrySchema, runSchema, foundDriftSchema],
  };
}

/** Puts compiled validators into the place of `packaged-validators.ts`, so that no command of a release compiles a schema. */
export function ownValidators(): Plugin {
  return {
    name: "own-validators",
    setup(build) {
      const sources = validatorSources();
      const lines = sources.map(({ key }, i) => `  ${JSON.stringify(key)}: () => require("validator:${i}"),`);
      build.onLoad({ filter: /schema[\\/]packaged-validators\.ts$/ }, ({ path }) => ({
        contents: `export const packagedValidators = {\n${lines.join("\n")}\n};\n`,
        resolveDir: path.slice(0, path.search(/[\\/]pipelines[\\/]/)),
      }));
      build.onResolve({ filter: /^validator:\d+$/ }, ({ path, resolveDir }) => ({
        path,
        namespace: "validator",
        pluginData: resolveDir,
      }));
      build.onLoad({ filter: /.*/, namespace: "validator" }, ({ path, pluginData }) => ({
        contents: sources[Number(path.slice("validator:".length))]!.code,
        resolveDir: pluginData,
      }));
    },
  };
}

/** A schema that extends another as a whole has its own `$schema`, which says what it is written in and compiles to nothing. */
function validatorSources(): { key: string; code: string }[] {
  return Object.entries(ownSchemas()).flatMap(([reading, each]) =>
    each.map((schema) => {
      const ajv = new Ajv2020({ ...readings[reading as SchemaUse], code: { source: true, optimize: true } });
      const code = standaloneCode.default(ajv, ajv.compile(schema));
      return { key: validatorKey(schema, reading as SchemaUse), code };
    }),
  );
}
