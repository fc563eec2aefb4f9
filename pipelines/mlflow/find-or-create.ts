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
  return { found: await createOnce(what, find, () => create().then(() => null)), created: true };
}

/** Creates what is known to be missing. `create` gives it, or null when it is to be looked for, as it is when the answer was lost. */
export async function createOnce<T>(
  what: string,
  find: () => Promise<T | null>,
  create: () => Promise<T | null>,
): Promise<T> {
  let failure: unknown;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const answer = await create().catch((error: unknown) => {
      failure = whenUnclear(error);
      return null;
    });
    const made = answer ?? (await find());
    if (made) return made;
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
