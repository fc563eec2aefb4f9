import { GitError } from "./failure.ts";

/** Of the registry, of which a job reads pointers and little else: who reads records or profiles of many versions fetches them together. */
export const smallFiles = "blob:limit=1k";

/**
 * Runs a command of git; a fetch whose filter the server refuses, as some allow only a few or none, is run with a coarser one: instead
 * of no folders, all of them with their small files; instead of any other, everything.
 */
export async function withAllowedFilter<T>(
  args: readonly string[],
  run: (args: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await run(args);
  } catch (error) {
    const isRefused = error instanceof GitError && /filter '[^']*' not supported/.test(error.stderr);
    const at = args.indexOf("fetch") + 1;
    if (!isRefused || at === 0 || args.includes("--no-filter")) throw error;
    const coarser = args.includes("--filter=tree:0") ? `--filter=${smallFiles}` : "--no-filter";
    const rest = args.slice(at).filter((each) => !each.startsWith("--filter="));
    return withAllowedFilter([...args.slice(0, at), coarser, ...rest], run);
  }
}
