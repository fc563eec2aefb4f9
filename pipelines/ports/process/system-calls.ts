import { existsSync } from "node:fs";

const perl = "/usr/bin/perl";
// The numbers of system calls by architecture, and the constants of their manual pages prctl(2) and prlimit(2).
const prctl: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 157, arm64: 167 };
const prlimit: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 302, arm64: 261 };
const [setDeathSignal, setChildSubreaper, sigkill, limitData] = [1, 36, 9, 2];

/** What the kernel is to do with a program that is started, whatever the program does. */
export interface KernelOrders {
  /** It gets the orphans among its descendants. */
  adoptsOrphans?: boolean;
  /** It is killed when the process that starts it ends, however that ends. */
  diesWithParent?: boolean;
  /** Bytes of memory of its own that it may reserve; beyond them its requests for memory fail. */
  dataBytes?: number;
}

/**
 * The command line that runs a program under these orders. Node cannot give them, but what comes with git on nearly every
 * Linux can, before it becomes the program. Elsewhere the command line is as given.
 */
export function underOrders(orders: KernelOrders, program: string, args: readonly string[]): [string, ...string[]] {
  const [control, limit] = [prctl[process.arch], prlimit[process.arch]];
  if (process.platform !== "linux" || control === undefined || !existsSync(perl)) return [program, ...args];
  const calls = [
    ...(orders.adoptsOrphans ? [`syscall(${control}, ${setChildSubreaper}, 1, 0, 0, 0);`] : []),
    ...(orders.diesWithParent ? [`syscall(${control}, ${setDeathSignal}, ${sigkill}, 0, 0, 0);`] : []),
    ...(orders.dataBytes === undefined ? [] : [dataLimit(limit, orders.dataBytes)]),
  ];
  return [perl, "-e", `${calls.join(" ")} exec { $ARGV[0] } @ARGV`, program, ...args];
}

function dataLimit(call: number | undefined, bytes: number): string {
  const limit = Math.ceil(bytes);
  return `my $limit = pack("QQ", ${limit}, ${limit}); syscall(${call}, 0, ${limitData}, $limit, 0);`;
}
