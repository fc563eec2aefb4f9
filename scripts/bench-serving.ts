import { tellRequests, tellStart } from "./bench/serving/tell-requests.ts";
import { tellSoak } from "./bench/serving/tell-soak.ts";
import { tellLongRun, tellSwaps } from "./bench/serving/tell-swaps.ts";

/** What a part measures, given the number on the command line or its own. */
const parts: Readonly<Record<string, (count: number | undefined) => Promise<void>>> = {
  requests: (seconds = 10) => tellRequests(seconds),
  swaps: (times = 20) => tellSwaps(times),
  start: (models = 200) => tellStart(models),
  long: (requests = 1_000_000) => tellLongRun(requests),
  soak: (minutes = 30) => tellSoak(minutes),
};

/** What runs when no part is named: all but those that take minutes. */
const usual = ["requests", "swaps", "start"];

/**
 * Measures `mergeml serve`, beside `mlflow models serve` and MLServer in the same run; `--write` puts the tables into
 * docs/benchmarks.md. Words on the command line choose parts, and a number is how much of each.
 */
async function main(words: readonly string[]): Promise<void> {
  const chosen = Object.keys(parts).filter((part) => words.includes(part));
  const count = words.find((word) => /^\d+$/.test(word));
  for (const part of chosen.length > 0 ? chosen : usual) await parts[part]!(count ? Number(count) : undefined);
}

await main(process.argv.slice(2));
