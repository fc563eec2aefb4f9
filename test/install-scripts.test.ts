import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");

/**
 * ONNX Runtime's install script downloads a CUDA build on Linux. npm 10 runs scripts of the packages that the lock says have one;
 * npm 11 and later ask `allowScripts`.
 */
it("npm ci runs no install script of ONNX Runtime, whatever npm's version", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { hasInstallScript?: true }>;
  };
  const scripted = Object.entries(packages).filter(([, each]) => each.hasInstallScript);
  expect(scripted.map(([path]) => path)).not.toContain("node_modules/onnxruntime-node");
  const { allowScripts } = JSON.parse(read("package.json")) as { allowScripts: Record<string, boolean> };
  expect(allowScripts).toEqual({ esbuild: false, node: true, "onnxruntime-node": false });
});

it(".npmrc has no setting that npm does not know, which it warns of at every command", () => {
  const names = read(".npmrc")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("=")[0]);
  expect(names).toEqual(["engine-strict", "fund", "audit"]);
});
