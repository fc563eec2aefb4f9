import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import type { Plugin } from "esbuild";

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
