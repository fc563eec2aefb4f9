import { EnvironmentError } from "../../../../errors/environment-error.ts";
import { UserError } from "../../../../errors/user-error.ts";
import type { EarlyEnd, EndedEarly } from "../../../../process/watched-process.ts";
import type { PrepareJob } from "../../engine.ts";
import { outOfTime } from "../../query-problems.ts";
import { engineCrash, outOfMemory } from "../limit-problems.ts";
import { gibibyte } from "./memory-bounds.ts";

/** Signals by which a program's own fault ends it; as an exit code where a shell or Node says it so. */
const crashes = /^SIG(SEGV|ABRT|BUS|ILL|FPE|TRAP)$|^exit code 13\d$/;

/** What to throw when the engine's process ended while it did `what`, such as "the query". */
export function earlyEndError(error: EndedEarly, what: string, { sql, limits }: PrepareJob): Error {
  const { end } = error;
  if (end.limit === "time") return new UserError(outOfTime(sql, what, limits.seconds), { cause: error });
  const tooLarge = outOfMemory(sql, what, limits.memory_gb);
  if (end.limit === "memory" || ranShort(end, limits.memory_gb)) return new UserError(tooLarge, { cause: error });
  const { how, words } = end;
  if (crashes.test(how)) return new UserError(engineCrash(sql, what, how, words), { cause: error });
  const tried = `to run ${sql.file}; the machine may have run out of memory`;
  const message = `the engine's process ended early (${how})${words === "" ? "" : `: ${words}`}`;
  return new EnvironmentError(message, { tried, safe: "nothing was stored" }, { cause: error });
}

/** The kernel refused it more memory, and it gave up: nobody looks at that while it has all it may have. */
function ranShort({ how, words, peakBytes }: EarlyEnd, memory_gb: number): boolean {
  return crashes.test(how) && (peakBytes > memory_gb * gibibyte || /out of memory|bad_alloc/i.test(words));
}
