import type { Log } from "../ports/log.ts";

/** How the copy to MLflow went; it never decides how the work went that it copies. */
export type MirrorState = { state: "mirrored" } | { state: "failed"; message: string };

/** After this long a deploy goes on without the mirror. */
const patienceMs = 5 * 60_000;

/** Copies to MLflow, and turns every failure into a warning that says how to repair the copy. */
export async function neverFail(
  log: Log,
  repair: string,
  copy: (signal: AbortSignal) => Promise<unknown>,
): Promise<MirrorState> {
  try {
    await copy(AbortSignal.timeout(patienceMs));
    return { state: "mirrored" };
  } catch (error) {
    const { message } = error as Error;
    log.warn(`not copied to MLflow: ${message}\n  All else is as it should be. Repair the copy later: ${repair}`);
    return { state: "failed", message };
  }
}
