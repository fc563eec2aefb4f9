import { flushCompileCache } from "node:module";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { openRegistry } from "../../pipelines/registry/registry.ts";
import { deployBetter, memoryStore } from "./builders.ts";

/** Registers and promotes `count` candidates in the clone at `folder`, each a little better than production is then. */
const [folder = "", prefix = "", count = "1"] = process.argv.slice(2);

const git = openGit(folder, { env: process.env });
const registry = openRegistry({ git, branch: "registry", clock: systemClock, log: silentLog, store: memoryStore() });

flushCompileCache(); // it may be killed, and the next one starts quicker
process.stdout.write("ready\n");
for (let each = 0; each < Number(count); each += 1) await deployBetter(registry, `${prefix}-${each}`);
