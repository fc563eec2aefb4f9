import type { RequestLimits } from "../../../../process/watched-process.ts";
import type { QueryLimits } from "../../engine.ts";

/** Bytes. */
export const gibibyte = 2 ** 30;

/**
 * DuckDB counts what its tables and sorts hold against `memory_gb`, and neither scalar functions nor what its allocator keeps:
 * a sort that keeps within the limit was seen with 1.4 times as much. What has more than this has got round the limit.
 */
const mostOfLimit = 1.75;

/** What it needs in any case, for files that it reads and writes and for its threads. Bytes. */
const leastRoom = 0.1875 * gibibyte;

/** Beyond what an idle process has. */
export function mostMemory({ memory_gb }: QueryLimits): RequestLimits["bytes"] {
  return Math.max(mostOfLimit * memory_gb * gibibyte, memory_gb * gibibyte + leastRoom);
}

/**
 * What the kernel lets the process reserve at most, whether it is used or not: what an idle one does, and a multiple of the
 * limit. It stops what grows faster than anybody can look.
 */
export function mostReserved({ threads, memory_gb }: QueryLimits): number {
  return (0.75 + threads / 64 + 4 * memory_gb) * gibibyte;
}
