import type { GitHub } from "./client.ts";
import { LostAnswer } from "./failure.ts";

const attempts = 3;
/** GitHub's lists may lag behind what was written. */
const secondsUntilListed = 2;

/**
 * Creates something once although an answer may be lost: then `find` says whether it was done after all, and only what is not
 * there is created again.
 */
export async function createOnce<T>(
  { sleep }: GitHub,
  { create, find }: { create: () => Promise<T>; find: () => Promise<T | null> },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof LostAnswer)) throw error;
      await sleep(secondsUntilListed * attempt);
      const done = await find();
      if (done !== null) return done;
      if (attempt >= attempts) throw error;
    }
  }
}
