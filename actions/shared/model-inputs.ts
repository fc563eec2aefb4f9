import { knownEnvironment } from "../../pipelines/choose-promotion.ts";
import { didYouMean } from "../../pipelines/errors/did-you-mean.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Registry } from "../../pipelines/registry/registry.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "./action.ts";

/** The `model` input, if the registry has that model. */
export async function modelInput(action: Action, registry: Registry): Promise<string> {
  const name = action.input("model");
  const models = await (await registry.snapshot({ fetch: true })).models();
  if (models.includes(name)) return name;
  const suggestion = didYouMean(name, models);
  const hint = suggestion ? `did you mean ${suggestion}?` : `it has: ${models.slice(0, 20).join(", ") || "none"}`;
  throw new UserError({ message: `the registry has no model "${name}"`, hint });
}

/** An environment input, one of mergeml.yaml's; production when it was not given, and where mergeml.yaml has no other. */
export function environmentInput(
  action: Action,
  { repository: { environments } }: Pick<Workspace, "repository">,
): string {
  const given = action.input("environment") || "production";
  return environments.length === 1 ? "production" : knownEnvironment(given, environments);
}

/** A version input such as `3` or `v3`; null when it was not given. */
export function versionInput(action: Action, name: string): number | null {
  const text = action.input(name);
  if (text === "") return null;
  const digits = /^v?([1-9]\d{0,8})$/.exec(text)?.[1];
  if (digits) return Number(digits);
  throw new UserError({ message: `input ${name} is "${text}", not a version`, hint: "write its number, e.g. 3" });
}
