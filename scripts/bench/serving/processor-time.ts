import { readdirSync, readFileSync } from "node:fs";

/** Of the kernel's clock in /proc, on every Linux that runs Node. */
const ticksPerSecond = 100;

/** Seconds of processor time that the processes of a group have taken: unlike a rate, it hardly depends on what others do meanwhile. */
export function processorSeconds(group: number): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => sum + secondsOf(pid, group), 0);
}

function secondsOf(pid: string, group: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[2]) === group ? (Number(fields[11]) + Number(fields[12])) / ticksPerSecond : 0;
  } catch {
    return 0; // it has ended
  }
}
