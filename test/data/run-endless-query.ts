import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openDuckdb } from "../../pipelines/data/engines/duckdb/process/open-duckdb.ts";
import { sqlText } from "../../pipelines/data/engines/engine.ts";

// Runs a query that never ends, and says which process it is in. Linux.
const staging = join(process.argv[2] ?? "", "endless");
const sql = sqlText("q.sql", "SELECT levenshtein(repeat('a', 2000000), repeat('b', 2000000)) AS y");
const limits = { memory_gb: 1, threads: 1, seconds: 600 };
void openDuckdb().query({ sql, window: null, folders: [], staging, limits });
const timer = setInterval(() => {
  const [child] = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").trim().split(" ");
  if (!child || !readFileSync(`/proc/${child}/cmdline`, "latin1").includes("engine-process.ts")) return;
  clearInterval(timer);
  process.stdout.write(child);
}, 50);
