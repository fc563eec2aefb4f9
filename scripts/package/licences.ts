import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** Names of the packages whose code is in a bundle, sorted. */
export function bundledPackages({ inputs }: Metafile): string[] {
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
export function licenceTexts(root: string, folders: readonly string[]): string {
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
