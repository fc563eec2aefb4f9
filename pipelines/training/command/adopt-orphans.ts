import { existsSync } from "node:fs";

const perl = "/usr/bin/perl";
// The number of the system call prctl by architecture, and of its PR_SET_CHILD_SUBREAPER (prctl(2)).
const prctl: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 157, arm64: 167 };
const becomeSubreaper = 36;

/**
 * The command line that runs a program so that the kernel gives it the orphans among its descendants, which nothing they do
 * can change. Node cannot ask for that, but what comes with git on nearly every Linux can, before it becomes the program.
 * Elsewhere the command line is as given.
 */
export function adoptingOrphans(program: string, args: readonly string[]): [string, ...string[]] {
  const call = prctl[process.arch];
  if (process.platform !== "linux" || call === undefined || !existsSync(perl)) return [program, ...args];
  const script = `syscall(${call}, ${becomeSubreaper}, 1, 0, 0, 0); exec { $ARGV[0] } @ARGV`;
  return [perl, "-e", script, program, ...args];
}
