import { UserError } from "../../errors/expected-error.ts";
import type { Shape } from "./network.ts";

// WebAssembly has 4 GB at most, of which tfjs's build may take 2; half of that leaves room for fragments.
const LARGEST_BYTES = 2 ** 30;
const BYTES = 4;
// Of each weight: itself, its gradient, two moments, the best so far, and two temporaries of an optimizer.
const COPIES_OF_WEIGHTS = 7;
// Of each unit and row: sum, activation, mask, their gradients and a temporary.
const COPIES_OF_SIGNALS = 6;

/** What training holds at once, in bytes, roughly from above. */
function memoryNeeded({ inputs, hidden, outputs }: Shape, batch: number): number {
  const sizes = [inputs, ...hidden, outputs];
  const weights = sizes.slice(1).reduce((sum, units, i) => sum + (sizes[i]! + 1) * units, 0);
  const signals = sizes.reduce((sum, units) => sum + units, 0);
  return BYTES * (COPIES_OF_WEIGHTS * weights + COPIES_OF_SIGNALS * batch * signals);
}

/** Throws UserError for a network that does not fit: a backend that runs out of memory in the middle may compute nonsense. */
export function checkMemory(shape: Shape, batch: number): void {
  const bytes = memoryNeeded(shape, batch);
  if (bytes > LARGEST_BYTES)
    throw tooLarge(shape, batch, `about ${megabytes(bytes)} MB, more than ${megabytes(LARGEST_BYTES)}`);
}

/** Runs work on a backend; what it says when memory ends becomes a UserError with that cause. */
export async function withinMemory<T>(shape: Shape, batch: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isOutOfMemory(cause)) throw cause;
    throw tooLarge(shape, batch, "more memory than there is", { cause });
  }
}

// WebAssembly traps with a RuntimeError where an allocation failed.
function isOutOfMemory(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return (
    cause.name === "RuntimeError" ||
    /out of memory|OOM|allocation failed|enlarge memory|array length/i.test(cause.message)
  );
}

function tooLarge({ inputs, hidden }: Shape, batch: number, need: string, options?: ErrorOptions): UserError {
  const message = `A network with ${inputs} inputs, hidden layers of [${hidden.join(", ")}] and ${batch} rows a step needs ${need}.`;
  const hint = "Lower `params.hidden`, `params.batch_size` or `params.max_categories`.";
  return new UserError({ message, hint, key: "params.hidden" }, options);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
