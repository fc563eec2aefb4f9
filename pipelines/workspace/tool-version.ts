import packageJson from "../../package.json" with { type: "json" };

/** The version of mergeml, recorded in every verdict. */
export const toolVersion: string = packageJson.version;

/** What trained the model, for the lineage: runtime, platform and the versions of the libraries that compute. */
export function environmentFacts(toolVersion: string): Readonly<Record<string, string>> {
  const { dependencies } = packageJson;
  return {
    mergeml: toolVersion,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    duckdb: dependencies["@duckdb/node-api"],
    onnxruntime: dependencies["onnxruntime-node"],
  };
}
