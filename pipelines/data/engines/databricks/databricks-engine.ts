import { UserError } from "../../../errors/user-error.ts";
import { variableOf } from "../../sources/variables.ts";
import type { Engine, SourceJob } from "../engine.ts";
import { openStaging } from "../spark-sql/open-staging.ts";
import { sparkEngine } from "../spark-sql/run-queries.ts";
import { openDatabricksApi } from "./databricks-api.ts";
import { databricksStatements } from "./databricks-statements.ts";
import { volumeStaging } from "./volume-staging.ts";

/** A SQL warehouse of Databricks at a source. Its statements have no session in common, so that relations stand for themselves. */
export function openDatabricks({ name, source, sources, env, files }: SourceJob<"databricks">): Engine {
  return sparkEngine(
    () => {
      const { host, warehouse, token, catalog, staging } = source;
      if (staging === undefined) throw noStaging(name);
      const api = openDatabricksApi(variableOf(name, host, env), variableOf(name, token, env), host.env);
      const id = variableOf(name, warehouse, env);
      const statements = () => databricksStatements(api, { id, catalog });
      return {
        about: { source: name, host: api.host, variable: token.env },
        rules: { schemas: source.schemas, catalog: catalog ?? null },
        names: false,
        open: async () => statements(),
        staging: () =>
          staging.startsWith("/Volumes/")
            ? volumeStaging(staging, api, files)
            : openStaging(staging, { name, sources, env, files }),
      };
    },
    { name, schemas: source.schemas },
  );
}

function noStaging(name: string): UserError {
  return new UserError({
    message: `the source ${name} has no staging, through which rows come from the warehouse`,
    hint: "add staging: /Volumes/main/ml/staging, a folder of a volume that the token may write and read, or the address of a bucket",
    key: `sources.${name}.staging`,
  });
}
