import { dirname, join } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import type { ProgramSource } from "../training/trainer.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Where the program of a model is, for trainers that run one; nothing for the others. */
export function programSource(
  { root, env }: Pick<Workspace, "root" | "env">,
  { config, file, files }: LoadedModel,
): { source?: ProgramSource } {
  if (!files) return {};
  const name = dirname(file);
  return { source: { folder: join(root, name), name, files, target: config.features.target, env } };
}
