import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { DatasetStore } from "../data/dataset-store.ts";
import { EnvironmentError } from "../errors/environment-error.ts";
import { UserError } from "../errors/user-error.ts";
import type { Log } from "../ports/log.ts";
import { openSealedStep, sealStep } from "./sealed-step.ts";
import type { StepRights } from "./step-rights.ts";

/** Results of steps in the store, which other machines go on from. Nothing here fails a run: what cannot be had is computed. */
export interface SharedSteps {
  /** The result of a step on these inputs, when somebody left one that may be taken. */
  read(step: string, inputs: unknown): Promise<Uint8Array | null>;
  /** Leaves a result; the datasets that it names are sent before. */
  write(step: string, inputs: unknown, result: Uint8Array, datasets: readonly string[]): Promise<void>;
}

interface Place {
  store: Pick<DatasetStore, "title" | "readStep" | "writeStep" | "shared">;
  rights(): Promise<StepRights | null>;
  log: Log;
}

/** Opens them; rights are looked up when a step is first asked for. */
export function openSharedSteps({ store, rights, log }: Place): SharedSteps {
  let known: Promise<StepRights | null> | undefined;
  const granted = () => (known ??= rights());
  const orWithout = withoutAfterFailure(log);
  return {
    read: (step, inputs) =>
      orWithout(async () => {
        const allowed = await granted();
        if (allowed === null) return null;
        const name = stepName(step, inputs);
        const sealed = await store.readStep(name);
        const result = sealed && openSealedStep(name, sealed, allowed.trusted);
        if (sealed && !result)
          log.warn(
            `${step}: the store has a result that step_cache.public_key does not vouch for; it is not used (${name})`,
          );
        if (result) log.info(`  ${step} was done elsewhere: its result comes from ${store.title}`);
        return result;
      }),
    async write(step, inputs, result, datasets) {
      await orWithout(async () => {
        const own = (await granted())?.own;
        if (!own) return null;
        for (const name of datasets) await store.shared?.push(name);
        const name = stepName(step, inputs);
        await store.writeStep(name, sealStep(name, result, own));
        return null;
      });
    },
  };
}

/** After the first failure there is no store for steps any more: each would wait as long for the same answer. */
function withoutAfterFailure(log: Log): <T>(work: () => Promise<T | null>) => Promise<T | null> {
  let isAway = false;
  return async (work) => {
    if (isAway) return null;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EnvironmentError || error instanceof UserError)) throw error;
      isAway = true;
      log.warn(`steps are neither taken from the store nor left there: ${error.message}`);
      return null;
    }
  };
}

function stepName(step: string, inputs: unknown): string {
  return `step:${sha256(canonicalJson({ step, inputs })).slice("sha256:".length)}`;
}
