import { didYouMean } from "../../errors/did-you-mean.ts";
import { UserError } from "../../errors/user-error.ts";
import type { Snapshot } from "../../registry/snapshot.ts";

/** Throws UserError that names every wanted model that the registry has not, and what it has. */
export async function checkWanted(wanted: readonly string[], snapshot: Snapshot): Promise<void> {
  const models = await snapshot.models();
  const problems = wanted
    .filter((name) => !models.includes(name))
    .map((name) => {
      const meant = didYouMean(name, models);
      const has =
        models.length === 0 ? "it has none yet: mergeml run <model>" : `it has: ${models.slice(0, 20).join(", ")}`;
      return { message: `--models: the registry has no model ${name}`, hint: meant ? `did you mean ${meant}?` : has };
    });
  if (problems.length > 0) throw new UserError(problems);
}
