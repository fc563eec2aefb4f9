import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Metafile } from "esbuild";
import packageJson from "../../package.json" with { type: "json" };
import { writeModules } from "./bundle.ts";

/** Packages that have native files: whole in an archive, dependencies of the npm package. */
const nativePackages = [
  "@duckdb/node-api",
  "@duckdb/node-bindings",
  "detect-libc",
  "onnxruntime-node",
  "onnxruntime-common",
];

const texts = ["LICENSE", "README.md", "CHANGELOG.md"];
const thirdParty = "THIRD-PARTY-LICENSES.txt";

/** Writes what a release is without its native files: the bundle, the launcher, the actions and the workflows that others call. */
export async function writeToolTree(root: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const actions = actionNames(root);
  const metafile = await writeModules(root, join(folder, "lib"), actions);
  for (const text of texts) cpSync(join(root, text), join(folder, text));
  const native = nativePackages.map((name) => `node_modules/${name}`);
  writeFileSync(join(folder, thirdParty), licenceTexts(root, [...bundledPackages(metafile), ...native]));
  writeLauncher(root, folder);
  for (const name of actions) writeAction(root, folder, name);
  for (const name of stepsAlone(root))
    cpSync(join(root, "actions", name), join(folder, "actions", name), { recursive: true });
  writeSetup(root, folder);
  writeWorkflows(root, folder);
  writeManifest(folder, { private: true });
}

/** Actions whose code is a module; the others are steps alone. */
function actionNames(root: string): string[] {
  return readdirSync(join(root, "actions"))
    .filter((name) => existsSync(join(root, "actions", name, "main.ts")))
    .sort();
}

/** Actions that are steps alone, and the same in a release. */
function stepsAlone(root: string): string[] {
  const names = readdirSync(join(root, "actions"));
  return names.filter((name) => {
    const has = (file: string) => existsSync(join(root, "actions", name, file));
    return has("action.yml") && !has("main.ts");
  });
}

function writeLauncher(root: string, folder: string): void {
  cpSync(join(root, "scripts/package/launcher"), join(folder, "bin"), { recursive: true });
  chmodSync(join(folder, "bin/mergeml.cjs"), 0o755);
}

/** GitHub starts an action's own file: one line that loads the bundle's. */
function writeAction(root: string, folder: string, name: string): void {
  const to = join(folder, "actions", name);
  mkdirSync(to, { recursive: true });
  const definition = readFileSync(join(root, "actions", name, "action.yml"), "utf8");
  writeFileSync(join(to, "action.yml"), definition.replace("main: main.ts", "main: main.js"));
  writeFileSync(join(to, "main.js"), `import "../../lib/action-${name}.js";\n`);
}

/** A release installs itself from its archive: the same action otherwise, and the whole repository's. */
function writeSetup(root: string, folder: string): void {
  const definition = readFileSync(join(root, "actions/setup/release-action.yml"), "utf8");
  writeFileSync(join(folder, "actions/setup/action.yml"), definition);
  writeFileSync(join(folder, "action.yml"), definition.replace("main: main.js", "main: actions/setup/main.js"));
}

/** All, unchanged: a workflow's own token may push no commit that changes one. */
function writeWorkflows(root: string, folder: string): void {
  cpSync(join(root, ".github/workflows"), join(folder, ".github/workflows"), { recursive: true });
}

/** Writes package.json: what the repository's says of the tool, and `more`. */
export function writeManifest(folder: string, more: object): void {
  const { name, version, description, license, type } = packageJson;
  const bin = { mergeml: "bin/mergeml.cjs" };
  const manifest = { name, version, description, license, type, engines: { node: ">=24" }, bin, ...more };
  mkdirSync(dirname(join(folder, "package.json")), { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** What of the tree is in the npm package. */
export const npmParts: readonly string[] = ["bin", "lib", ...texts, thirdParty];

/** Names of the packages whose code is in a bundle, sorted. */
function bundledPackages({ inputs }: Metafile): string[] {
  const names = Object.keys(inputs).flatMap((path) => {
    const below = path.split("node_modules/").slice(1);
    return below.length === 0 ? [] : [packageFolder(path)];
  });
  return [...new Set(names)].sort();
}

/** `node_modules/a/node_modules/@b/c` of a file below it. */
function packageFolder(path: string): string {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(path)![1]!;
}

/** Name, version, licence and the licence's text of each package, as their licences ask of who passes them on. */
function licenceTexts(root: string, folders: readonly string[]): string {
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const kind = typeof license === "string" ? license : (license?.type ?? "see below");
    return `${name} ${version} (${kind})\n\n${licenceOf(join(root, folder))}`;
  });
  return `mergeml has code of these packages.\n\n${parts.join(`\n${"-".repeat(100)}\n\n`)}`;
}

function licenceOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  if (!file || !existsSync(join(folder, file))) return "Its package has no file with the licence's text.\n";
  return `${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
