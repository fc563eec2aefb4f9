import type { EventEmitter } from "node:events";
import util from "node:util";
import { UserError } from "../../errors/expected-error.ts";
import type { Log } from "../../ports/host.ts";

/** What may compute, in the order of preference. */
export const BACKENDS = ["tfjs-node", "wasm", "cpu"] as const;

export type Backend = (typeof BACKENDS)[number];

/** The parts of TensorFlow.js we use, with one of its backends switched on. */
export interface TensorFlow {
  core: typeof import("@tensorflow/tfjs-core");
  layers: typeof import("@tensorflow/tfjs-layers");
  backend: Backend;
}

/** What a record says of it. */
export function factsOf({ core, backend }: Pick<TensorFlow, "core" | "backend">): Record<string, string> {
  const threaded = { reproducible: "not with tfjs-node, whose threads sum in any order" };
  return { tfjs: core.version_core, backend, ...(backend === "tfjs-node" && threaded) };
}

const PROCESS_EVENTS = ["uncaughtException", "unhandledRejection"];

type Core = TensorFlow["core"];

// Not a dependency: its installation downloads a native library. The name in a variable keeps it out of the types.
const ACCELERATOR = "@tensorflow/tfjs-node";
const importAccelerator = (): Promise<unknown> => import(ACCELERATOR);

/** Loads TensorFlow.js with the wanted backend, or with the first one that starts. Throws UserError when the wanted one does not. */
export async function loadTensorFlow(
  wanted: Backend | "auto",
  log: Log,
  accelerator: () => Promise<unknown> = importAccelerator,
): Promise<TensorFlow> {
  const core = await import("@tensorflow/tfjs-core");
  // Else its backends print banners.
  core.enableProdMode();
  const causes: unknown[] = [];
  for (const backend of wanted === "auto" ? BACKENDS : [wanted]) {
    try {
      await start(core, backend, accelerator);
      return { core, layers: await import("@tensorflow/tfjs-layers"), backend };
    } catch (cause) {
      causes.push(cause);
      if (wanted === "auto" && !isNotInstalled(cause))
        log.warn(`TensorFlow.js cannot use ${backend}: ${reason(cause)}`);
    }
  }
  throw cannotStart(wanted, causes);
}

async function start(core: Core, backend: Backend, accelerator: () => Promise<unknown>): Promise<void> {
  if (backend === "tfjs-node") {
    restoreRemovedUtil();
    await accelerator();
    return switchTo(core, "tensorflow");
  }
  if (backend === "cpu") await import("@tensorflow/tfjs-backend-cpu");
  else {
    await import("@tensorflow/tfjs-backend-wasm");
    // One thread: the order of summation does not depend on the machine.
    core.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  return switchTo(core, backend);
}

async function switchTo(core: Core, name: string): Promise<void> {
  const events: EventEmitter = process;
  const listeners = PROCESS_EVENTS.map((event) => events.listeners(event));
  const started = await core.setBackend(name);
  // The wasm backend listens to errors of the whole process, only to throw them again; what handles them is not ours to choose.
  for (const [i, event] of PROCESS_EVENTS.entries()) {
    for (const added of events.listeners(event).filter((each) => !listeners[i]!.includes(each))) {
      events.removeListener(event, added as () => void);
    }
  }
  if (!started) throw new Error(`its backend "${name}" does not start on this machine`);
}

/** tfjs-node calls functions of `util` that Node 23 removed, or warns of. */
function restoreRemovedUtil(): void {
  const isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  Object.assign(util, { isNullOrUndefined, isArray: Array.isArray });
}

function isNotInstalled(cause: unknown): boolean {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === "ERR_MODULE_NOT_FOUND" && message.includes(ACCELERATOR);
}

function cannotStart(wanted: Backend | "auto", causes: readonly unknown[]): UserError {
  const cause = causes.length === 1 ? causes[0] : new AggregateError(causes);
  if (wanted === "tfjs-node" && isNotInstalled(cause)) {
    const message = "`backend: tfjs-node` needs the package @tensorflow/tfjs-node, which is not installed.";
    const hint = "Run `npm install @tensorflow/tfjs-node`, or set `params.backend: wasm`.";
    return new UserError({ message, hint, key: "params.backend" }, { cause });
  }
  const message = `TensorFlow.js does not start (${causes.map(reason).join("; ")}).`;
  const hint = "Set `params.backend` to another one: tfjs-node, wasm or cpu.";
  return new UserError({ message, hint, key: "params.backend" }, { cause });
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
}
