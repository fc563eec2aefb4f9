import { isCi } from "../ports/host.ts";
import type { RegisterResult } from "../registry/registry.ts";
import type { Workspace } from "./workspace.ts";

/** Says once, of all that a job registered, that its datasets end with it, when they do. */
export function tellPassingStore(
  { store, env, log }: Pick<Workspace, "store" | "env" | "log">,
  registered: readonly Pick<RegisterResult, "alreadyRegistered">[],
): void {
  if (store.durable || !isCi(env) || registered.every(({ alreadyRegistered }) => alreadyRegistered)) return;
  log.info(
    `the train, test and prediction rows are in ${store.title} and end with this job. The registry has the models and the rows' fingerprints; mergeml reproduce makes the rows again from the data`,
  );
}
