import packageJson from "../../package.json" with { type: "json" };

/** The version of mergeml, recorded in every verdict. */
export const toolVersion: string = packageJson.version;
