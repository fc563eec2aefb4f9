import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The YAML library, loaded when it is first needed, so that commands that read no config start quicker. */
export function yamlLibrary(): typeof import("yaml") {
  return require("yaml");
}
