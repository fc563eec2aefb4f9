import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../../errors/expected-error.ts";
import { findExecutable } from "../find-executable.ts";
import { isExecutable } from "./is-executable.ts";
import type { Making, Recipe } from "./recipe.ts";

const run = promisify(execFile);
const place = "library";
/** A copy of renv, which may lie in the home folder or where a job's actions put things: what installs packages sees neither. */
const own = "renv-itself";

/** Packages do not come out of a cache that other environments share: they are copies. */
const variables = {
  RENV_CONFIG_CACHE_ENABLED: "FALSE",
  RENV_CONFIG_CACHE_SYMLINKS: "FALSE",
  RENV_CONFIG_SANDBOX_ENABLED: "FALSE",
  RENV_CONFIG_INSTALL_TRANSACTIONAL: "FALSE",
};

/** A library of R's packages out of renv.lock, by the renv that is installed here. */
export async function renvRecipe({ lock, env }: Making): Promise<Recipe> {
  const { PATH = "" } = env;
  const r = await findExecutable("Rscript", { path: PATH, folders: [], key: "environment" });
  const facts = 'cat(as.character(getRversion()), R.version$platform, find.package("renv", quiet = TRUE), sep = "\\n")';
  const asked = run(r, ["--vanilla", "-e", facts], { env: env as NodeJS.ProcessEnv, timeout: 60_000 });
  const { stdout } = await asked.catch((cause: Error) => {
    throw unusable(`Rscript does not run: ${cause.message.split("\n").slice(0, 3).join(" ")}`, cause);
  });
  const [version = "", platform = "", renv] = stdout.trim().split("\n");
  if (renv === undefined) throw unusable("the R package renv is not installed, and renv.lock is for it");
  return {
    facts: { r: version },
    machine: [platform, r],
    commands(folder) {
      const library = join(folder, place);
      const copy =
        "given <- commandArgs(TRUE); dir.create(given[2]); stopifnot(file.copy(given[1], given[2], recursive = TRUE))";
      const script =
        "options(renv.consent = TRUE); given <- commandArgs(TRUE); .libPaths(c(given[2], .libPaths())); dir.create(given[3], recursive = TRUE); renv::restore(lockfile = given[1], library = given[3], prompt = FALSE)";
      return [
        { command: [r, "--vanilla", "-e", copy, renv, join(folder, own)], ours: true },
        { command: [r, "--vanilla", "-e", script, lock.path, join(folder, own), library], variables },
      ];
    },
    equipment: (folder) => ({ path: [], variables: { R_LIBS: join(folder, place) } }),
    isUsable: (folder) => isExecutable(join(folder, place)),
  };
}

function unusable(message: string, cause?: Error): UserError {
  const hint =
    "Rscript -e 'install.packages(\"renv\")'; in a workflow, give the input `setup` the folder of a composite action of yours that uses r-lib/actions/setup-r and installs renv";
  return new UserError({ message, hint, key: "params.environment" }, cause && { cause });
}
