import { didYouMean, UserError } from "./errors/expected-error.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** What is to be promoted where, as it was asked for. */
export interface WantedPromotion {
  /** null: what runs in `from`, or the newest. */
  version: number | null;
  /** null: production. */
  to: string | null;
  /** null: the environment before `to`, when no version is named. */
  from: string | null;
}

export interface ChosenPromotion {
  version: number;
  environment: string;
  /** The environment that the version must still run in when it is promoted. */
  from?: string;
}

/** The version and the environments of a promotion. Throws UserError for names there are not, and where nothing runs. */
export async function choosePromotion(
  { repository: { environments } }: Pick<Workspace, "repository">,
  snapshot: Snapshot,
  model: string,
  wanted: WantedPromotion,
): Promise<ChosenPromotion> {
  const environment = knownEnvironment(wanted.to ?? "production", environments);
  const before = environments[environments.indexOf(environment) - 1];
  const from =
    wanted.from === null ? (wanted.version === null ? before : undefined) : knownEnvironment(wanted.from, environments);
  const versions = await snapshot.versions(model);
  if (wanted.version !== null && !versions.includes(wanted.version))
    throw new UserError({
      message: `${model} has no version ${wanted.version}`,
      hint: `it has: ${versions.join(", ")}`,
    });
  if (from === undefined) return { version: wanted.version ?? Math.max(...versions), environment };
  if (from === environment)
    throw new UserError({ message: `${model} runs in ${from} already`, hint: "name two environments" });
  const running = (await snapshot.pointer(model, from))?.version ?? null;
  if (running === null) throw nothingRuns(model, from, environment);
  return { version: wanted.version ?? running, environment, from };
}

/** An environment of mergeml.yaml. Throws UserError for another name. */
export function knownEnvironment(name: string, environments: readonly string[]): string {
  if (environments.includes(name)) return name;
  const meant = didYouMean(name, environments);
  const hint = `${meant ? `did you mean ${meant}? ` : ""}mergeml.yaml has environments: [${environments.join(", ")}]`;
  throw new UserError({ message: `there is no environment ${name.slice(0, 60)}`, hint });
}

function nothingRuns(model: string, from: string, to: string): UserError {
  return new UserError({
    message: `no version of ${model} runs in ${from}`,
    hint: `a deploy puts one there; or name a version: mergeml promote ${model}@<version> --to ${to}`,
  });
}
