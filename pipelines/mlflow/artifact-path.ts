import { MlflowError } from "./mlflow-api.ts";

const proxied =
  /^(?:mlflow-artifacts:(?:\/\/[^/]*)?|https?:\/\/[^/]+(?:\/.*)?\/api\/2\.0\/mlflow-artifacts\/artifacts)\//;

/**
 * A run's folder below `/mlflow-artifacts/artifacts/`. Throws MlflowError when the server has its clients write to a bucket or a
 * disk by themselves: then only runs can be mirrored.
 */
export function artifactPath(uri: string | undefined): string {
  const prefix = proxied.exec(uri ?? "")?.[0];
  const path = (uri ?? "").slice(prefix?.length ?? 0);
  if (prefix !== undefined && path !== "" && !path.split("/").includes("..")) return path.replace(/\/+$/, "");
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(uri ?? "")?.[0] ?? "its own disk";
  throw new MlflowError(
    `the MLflow server does not take files itself: it keeps artifacts at ${scheme}. Start it with --artifacts-destination and without --no-serve-artifacts`,
    "finding where to upload a version's files",
    { status: null, code: null, unclear: false },
  );
}
