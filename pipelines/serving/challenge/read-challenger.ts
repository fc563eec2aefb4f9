import type { ReadChallenger } from "../served-model.ts";

/** What `challenger.json` says; null when there is none, and when the version is in production by now, as after a rollback to it. */
export const challengerOf: ReadChallenger = async (snapshot, model) => {
  const [pointer, production] = await Promise.all([snapshot.challenger(model), snapshot.production(model)]);
  if (pointer === null || pointer.version === production?.version) return null;
  const { version, share, by, since } = pointer;
  return { version, share, by, since, pull_request: null, why: null };
};
