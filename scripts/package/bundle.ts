import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { stepDigests } from "../../pipelines/workspace/step-code.ts";
import { type FoundByPath, findByPath, ownFiles, ownValidators } from "./own-files.ts";

/** Loaded from node_modules: they have native files, or are the user's to install. */
const external = ["@duckdb/*", "onnxruntime-node", "@tensorflow/tfjs-node", "pg-native"];

/** Files of libraries that these look for beside themselves, by the name they ask for. */
const besideLibraries = [
  "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
  "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
  "libpg-query/wasm/libpg-query.wasm",
];

/** What CommonJS libraries expect to be there. */
const banner = `import { createRequire as requireFor } from "node:module";
const require = requireFor(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/**
 * Writes the command line, the actions and all that they start or read by path into one folder. What is only loaded where it is
 * used stays in files of its own. Returns which sources each file was made of.
 */
export async function writeModules(root: string, folder: string, actions: readonly string[]): Promise<Metafile> {
  const found = await findByPath(root, ["actions", "pipelines"]);
  const started = { mergeml: "scripts/mergeml.ts", ...actionEntries(actions) };
  const entries = { ...started, ...withoutEnding(found.entries) };
  await rm(folder, { recursive: true, force: true });
  const metafile = await bundleOnce(root, folder, entries, found);
  await copyAssets(root, folder, found);
  return metafile;
}

function actionEntries(actions: readonly string[]): Record<string, string> {
  return Object.fromEntries(actions.map((name) => [`action-${name}`, `actions/${name}/main.ts`]));
}

function withoutEnding(entries: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...entries].map(([name, path]) => [name.replace(/\.js$/, ""), path]));
}

async function bundleOnce(root: string, outdir: string, entryPoints: Record<string, string>, found: FoundByPath) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    chunkNames: "[name]-[hash]",
    external,
    banner: { js: banner },
    define: { packagedStepDigests: JSON.stringify(stepDigests()) },
    charset: "utf8",
    legalComments: "none", // their licences come whole, in a file beside them
    metafile: true,
    logLevel: "warning",
    plugins: [ownFiles(root, found), ownValidators(), namedImports(root, external)],
  });
  return metafile;
}

async function copyAssets(root: string, folder: string, { assets }: FoundByPath): Promise<void> {
  await mkdir(folder, { recursive: true });
  const written = new Set(await readdir(folder));
  const libraries = besideLibraries.map((path) => [path.split("/").at(-1)!, join(root, "node_modules", path)] as const);
  for (const [name, path] of [...assets, ...libraries]) {
    if (written.has(name)) throw new Error(`the bundle has a module that is called ${name} like the file ${path}`);
    await copyFile(path, join(folder, name));
  }
}

/**
 * Gives what `await import("library")` gives in the sources. A bundle of ES modules has a CommonJS library's whole module as the default
 * alone, so that `const { Name } = await import(…)` would be undefined: the names that Node finds are exported one by one.
 */
function namedImports(root: string, external: readonly string[]): Plugin {
  const isExternal = (path: string) =>
    external.some((name) => (name.endsWith("/*") ? path.startsWith(name.slice(0, -1)) : path === name));
  return {
    name: "named-imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
        const isOwn = kind === "dynamic-import" && !importer.includes("/node_modules/");
        return isOwn && !isBuiltin(path) && !isExternal(path) ? { path, namespace: "named" } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "named" }, async ({ path }) => {
        const names = Object.keys((await import(path)) as object).filter((name) =>
          /^(?!__esModule$)[\w$]+$/.test(name),
        );
        return { contents: `export { ${names.join(", ")} } from ${JSON.stringify(path)};\n`, resolveDir: root };
      });
    },
  };
}
