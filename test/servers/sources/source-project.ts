import type { Sources } from "../../../pipelines/config/model-config.ts";
import { parseRepositoryConfig } from "../../../pipelines/config/parse-repository-config.ts";
import type { Engine } from "../../../pipelines/data/engines/engine.ts";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { reachSources } from "../../../pipelines/data/sources/reach-sources.ts";
import { systemClock } from "../../../pipelines/ports/host.ts";
import { extensionFolder } from "../lake.ts";

/** Sources as they are written in mergeml.yaml. */
export function sourcesOf(yaml: string): Sources {
  const { config, problems } = parseRepositoryConfig(yaml, "mergeml.yaml");
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  return config.sources;
}

/** DuckDB with these sources, in a job with this environment. */
export function engineWith(sources: Sources, env: Readonly<Record<string, string>>, installed = "/nowhere"): Engine {
  const given = { MERGEML_DUCKDB_EXTENSIONS: extensionFolder, ...env };
  const reach = reachSources({ sources, env: given, clock: systemClock, installed });
  return startEngines({ sources, env: given, reach })("duckdb");
}
