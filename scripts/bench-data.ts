import { tellBuckets } from "./bench/data/tell-buckets.ts";
import { tellFaults } from "./bench/data/tell-faults.ts";
import { tellPostgres } from "./bench/data/tell-postgres.ts";
import { tellSpark } from "./bench/data/tell-spark.ts";
import { tellStores } from "./bench/data/tell-stores.ts";

/** What a part measures, given the number on the command line or its own. */
const parts: Readonly<Record<string, (count: number | undefined) => Promise<void>>> = {
  stores: (megabytes = 1024) => tellStores(megabytes),
  postgres: () => tellPostgres(),
  faults: (count = 1_000) => tellFaults(count),
  buckets: () => tellBuckets(),
  spark: (millions = 20) => tellSpark(millions),
};

/**
 * Measures data where they live, on real servers of this machine (`scripts/install-servers.sh` installs them); `--write` puts the
 * tables into docs/benchmarks.md. Words on the command line choose parts, and a number is how much of each.
 */
async function main(words: readonly string[]): Promise<void> {
  const chosen = Object.keys(parts).filter((part) => words.includes(part));
  const count = words.find((word) => /^\d+$/.test(word));
  for (const part of chosen.length > 0 ? chosen : Object.keys(parts))
    await parts[part]!(count ? Number(count) : undefined);
}

await main(process.argv.slice(2));
