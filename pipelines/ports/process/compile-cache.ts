import { getCompileCacheDir } from "node:module";

/** The environment that lets a process of ours find what this one's Node compiled, and nothing else. */
export function compileCacheEnvironment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
