import { isMlflowCode, MlflowError } from "./mlflow-error.ts";

/**
 * Gives the thing that `find` finds, made by `create` when there is none. A creation whose answer was lost, and one that another
 * writer was quicker with, are looked for before they are tried again, so that nothing is made twice.
 */
export async function findOrCreate<T>(
  what: string,
  find: () => Promise<T | null>,
  create: () => Promise<void>,
): Promise<{ found: T; created: boolean }> {
  const there = await find();
  if (there) return { found: there, created: false };
  let failure: unknown;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    failure = await create().then(() => undefined, whenUnclear);
    const made = await find();
    if (made) return { found: made, created: true };
  }
  const facts = { status: null, code: null, unclear: true };
  throw (
    failure ?? new MlflowError(`the MLflow server does not show ${what} that it created`, `creating ${what}`, facts)
  );
}

function whenUnclear(error: unknown): unknown {
  if (isMlflowCode(error, "RESOURCE_ALREADY_EXISTS")) return error;
  if (error instanceof MlflowError && error.facts.unclear) return error;
  throw error;
}
