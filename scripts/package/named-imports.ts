import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Gives what `await import("library")` gives in the sources. A bundle of ES modules has a CommonJS library's whole module as the default
 * alone, so that `const { Name } = await import(…)` would be undefined: the names that Node finds are exported one by one.
 */
export function namedImports(root: string, external: readonly string[]): Plugin {
  const isExternal = (path: string) =>
    external.some((name) => (name.endsWith("/*") ? path.startsWith(name.slice(0, -1)) : path === name));
  return {
    name: "named-imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
        const isOwn = kind === "dynamic-import" && !importer.includes("/node_modules/");
        return isOwn && !isBuiltin(path) && !isExternal(path) ? { path, namespace: "named" } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "named" }, async ({ path }) => {
        const names = Object.keys((await import(path)) as object).filter((name) =>
          /^(?!__esModule$)[\w$]+$/.test(name),
        );
        return { contents: `export { ${names.join(", ")} } from ${JSON.stringify(path)};\n`, resolveDir: root };
      });
    },
  };
}
