import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The YAML library, loaded when it is first needed: most files are read without it, and commands start quicker. */
export function yamlLibrary(): typeof import("yaml") {
  return require("yaml");
}
