import type { Json } from "../../config/canonical-json.ts";

/** The params of `type: command`, checked by its schema. */
export interface CommandParams {
  run: readonly [string, ...string[]];
  options: Readonly<Record<string, number | string | boolean>>;
  /** The path of a lock file in the model's folder. */
  environment?: string;
  data: "parquet" | "csv" | "staged";
  env: readonly string[];
  timeout_minutes: number;
  /** 0 is no limit. */
  memory_gb: number;
}

/** The params as the schema left them: complete and of the right types. */
export function commandParams(params: Readonly<Record<string, Json>>): CommandParams {
  return params as unknown as CommandParams;
}
