import type { SourceConfig, Sources } from "../../config/model-config.ts";
import { storageOf } from "../../config/rules/source-rules.ts";

/** How the storage of an address is signed in to, as mergeml.yaml says it. */
export type StorageSettings = Partial<
  Omit<SourceConfig<"s3">, "type" | "url"> &
    Omit<SourceConfig<"gcs">, "type" | "url"> &
    Omit<SourceConfig<"azure">, "type" | "url">
>;

type StorageSource = SourceConfig<"s3" | "gcs" | "azure">;

/**
 * The settings of a table, a staging folder or a log that has none of its own: those of the source of the same bucket, the
 * closest one; none when no source has it.
 */
export function settingsOf(url: string, own: StorageSettings, sources: Sources): StorageSettings {
  if (Object.keys(own).length > 0) return own;
  const [kind, place] = [storageOf(url), bucketOf(url)];
  const near = Object.values(sources)
    .filter((source): source is StorageSource => source.type === kind && bucketOf(source.url) === place)
    .sort((a, b) => sharedLength(b.url, url) - sharedLength(a.url, url));
  const { type: _type, url: _url, ...settings } = near[0] ?? {};
  return settings as StorageSettings;
}

/** What comes before the first key of an address: its bucket, or its container and account. */
export function bucketOf(url: string): string {
  return /^[a-z0-9]+:\/\/([^/]*)/.exec(url)?.[1] ?? "";
}

/** What comes after the bucket, without a slash before it. */
export function keyOf(url: string): string {
  return url.replace(/^[a-z0-9]+:\/\/[^/]*\/?/, "");
}

function sharedLength(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}
