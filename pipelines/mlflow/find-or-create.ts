import { createOnce } from "../ports/request.ts";
import { isMlflowCode, MlflowError } from "./mlflow-error.ts";

/**
 * Gives the thing that `find` finds, made by `create` when there is none. A creation whose answer was lost, and one that another
 * writer was quicker with, are looked for before they are tried again, so that nothing is made twice.
 */
export async function findOrCreate<T>(
  what: string,
  find: () => Promise<T | null>,
  create: () => Promise<unknown>,
): Promise<{ found: T; created: boolean }> {
  const there = await find();
  if (there) return { found: there, created: false };
  return { found: await createMissing(what, find, () => create().then(() => null)), created: true };
}

/** Creates what is known to be missing. `create` gives it, or null when it is to be looked for, as it is when the answer was lost. */
export function createMissing<T>(
  what: string,
  find: () => Promise<T | null>,
  create: () => Promise<T | null>,
): Promise<T> {
  const facts = { status: null, code: null, unclear: true };
  const missing = () =>
    new MlflowError(`the MLflow server does not show ${what} that it created`, `creating ${what}`, facts);
  return createOnce({ create, find, leavesOpen, attempts: 2, missing });
}

function leavesOpen(error: unknown): boolean {
  return isMlflowCode(error, "RESOURCE_ALREADY_EXISTS") || (error instanceof MlflowError && error.facts.unclear);
}
