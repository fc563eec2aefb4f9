import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Platform, platforms, writeDist } from "./package/dist.ts";

/** Writes dist/, or `--dist`, with an archive for each platform, or for each `--platform`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { dist: { type: "string" }, platform: { type: "string", multiple: true } },
  });
  const root = join(import.meta.dirname, "..");
  await writeDist(root, values.dist ?? join(root, "dist"), (values.platform as Platform[]) ?? platforms, null);
}

await main();
