import { join } from "node:path";
import { findExecutable } from "../find-executable.ts";
import { isExecutable } from "./is-executable.ts";
import type { Making, MakingCommand, Recipe } from "./recipe.ts";

const place = "conda";

/** An environment out of environment.yml, by micromamba, mamba or conda; hosted runners have the last one under $CONDA. */
export async function condaRecipe({ lock, env }: Making): Promise<Recipe> {
  const path = [env.PATH, env.CONDA && join(env.CONDA, "bin")].filter(Boolean).join(":");
  const find = (name: string) => findExecutable(name, { path, folders: [], key: "environment" });
  const conda = await find("micromamba").catch((none) =>
    find("mamba").catch(() => find("conda").catch(() => Promise.reject(none))),
  );
  const commands = (folder: string): MakingCommand[] => {
    const prefix = ["--prefix", join(folder, place), "--file", lock.path, "--yes"];
    const words = conda.endsWith("/micromamba") ? ["create", ...prefix] : ["env", "create", ...prefix];
    const root = join(folder, "..", "home");
    return [
      {
        command: [conda, ...words],
        variables: { MAMBA_ROOT_PREFIX: root, CONDA_PKGS_DIRS: join(root, "pkgs"), CONDA_ALWAYS_COPY: "true" },
      },
    ];
  };
  return {
    facts: { conda: lock.path },
    machine: [],
    commands,
    equipment: (folder) => ({ path: [join(folder, place, "bin")], variables: { CONDA_PREFIX: join(folder, place) } }),
    isUsable: (folder) => isExecutable(join(folder, place, "bin")),
  };
}
