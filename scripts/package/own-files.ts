import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import type { Plugin } from "esbuild";
import { modelSchema } from "../../pipelines/config/model-schema.ts";
import { repositorySchema } from "../../pipelines/config/repository-schema.ts";
import { readings, type SchemaUse, validatorKey } from "../../pipelines/config/schema/validator-of.ts";
import { viewSchema } from "../../pipelines/data/features/view-schema.ts";
import { driftEntrySchema } from "../../pipelines/handover/drift-handover.ts";
import { planSchema } from "../../pipelines/handover/plan-handover.ts";
import { bundleSchema } from "../../pipelines/handover/training-schema.ts";
import { foundDriftSchema } from "../../pipelines/run-log/found-drift.ts";
import { runSchema } from "../../pipelines/run-log/parse-run.ts";
import { modelParts } from "../../pipelines/workspace/workspace.ts";

/** What the bundle has beside what is imported: modules that are started by their path, and files that are read by theirs. */
export interface FoundByPath {
  /** Modules that become an entry of their own: processes and threads. */
  entries: Map<string, string>;
  /** Files that are copied as they are. By the name they have in the bundle. */
  assets: Map<string, string>;
}

const byPath = /new URL\(\s*"(\.{1,2}\/[^"]+)",\s*import\.meta\.url\)/g;
const ownRequire = /^const require = createRequire\(import\.meta\.url\);$/m;

/** All that the sources of these folders name with `new URL("./name", import.meta.url)`, the one way that survives bundling. */
export async function findByPath(root: string, folders: readonly string[]): Promise<FoundByPath> {
  const found: FoundByPath = { entries: new Map(), assets: new Map() };
  for (const folder of folders) {
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const text = await readFile(join(entry.parentPath, entry.name), "utf8");
      for (const [, named] of text.matchAll(byPath)) nameInBundle(join(entry.parentPath, named!), found);
    }
  }
  return found;
}

/**
 * Rewrites our own sources for a bundle whose files lie in one folder: paths are those of the bundle, and what is required is
 * bundled. Throws Error for a use of `import.meta` that would find nothing there.
 */
export function ownFiles(root: string, found: FoundByPath): Plugin {
  return {
    name: "own-files",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes("node_modules")) return null;
        return { contents: forBundle(await readFile(path, "utf8"), path, root, found), loader: "ts" };
      });
    },
  };
}

function forBundle(text: string, path: string, root: string, found: FoundByPath): string {
  const rewritten = text
    .replace(byPath, (_, named: string) => {
      return `new URL("./${nameInBundle(join(dirname(path), named), found)}", import.meta.url)`;
    })
    .replace(ownRequire, "");
  const left = /import\.meta\.(?!url\))\w+/.exec(rewritten)?.[0];
  const where = relative(root, path).split(sep).join("/");
  if (left && where !== "pipelines/workspace/step-code.ts")
    throw new Error(`${where} uses ${left}: name files with new URL("./name", import.meta.url), which a bundle knows`);
  return rewritten;
}

function nameInBundle(file: string, { entries, assets }: FoundByPath): string {
  const isModule = file.endsWith(".ts");
  const name = isModule ? `${basename(file, ".ts")}.js` : basename(file);
  const [known, others] = isModule ? [entries, assets] : [assets, entries];
  if ((known.get(name) ?? file) !== file || others.has(name))
    throw new Error(`two files are called ${name}: rename ${file}`);
  known.set(name, file);
  return name;
}

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
