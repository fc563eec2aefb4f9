import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "../find-executable.ts";
import type { Equipment, Making, MakingCommand, Recipe } from "./recipe.ts";

const run = promisify(execFile);

/** In a job the image is left as a file too, which the job's cache can keep. */
const saved = "image.tar";

/** An image out of a Dockerfile, whose context are the program's files, by Docker or Podman. */
export async function dockerRecipe({ lock, env }: Making): Promise<Recipe> {
  const find = (name: string) => findExecutable(name, { path: env.PATH ?? "", folders: [], key: "environment" });
  const docker = await find("docker").catch((none) => find("podman").catch(() => Promise.reject(none)));
  const imageOf = (key: string) => `mergeml-environment:${key.slice(0, 40)}`;
  const ask = (...words: string[]) =>
    run(docker, words, { env: env as NodeJS.ProcessEnv, timeout: 600_000 }).then(
      () => true,
      () => false,
    );
  return {
    facts: { image: lock.path },
    machine: [],
    commands(folder, key): MakingCommand[] {
      const image = imageOf(key);
      const save = { command: [docker, "save", "--output", join(folder, saved), image], byServer: true } as const;
      return [
        { command: [docker, "build", "--file", lock.path, "--tag", image, "."], byServer: true },
        ...(env.GITHUB_ACTIONS === "true" ? [save] : []),
      ];
    },
    equipment: (_folder, key): Equipment => ({
      path: [],
      variables: {},
      image: { name: imageOf(key), runner: docker },
    }),
    async isUsable(folder, key) {
      if (await ask("image", "inspect", imageOf(key))) return true;
      const file = join(folder, saved);
      return existsSync(file) && (await ask("load", "--input", file));
    },
  };
}
