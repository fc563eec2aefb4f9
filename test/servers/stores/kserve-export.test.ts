import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { sha256 } from "../../../pipelines/config/canonical-json.ts";
import type { ExportResult } from "../../../pipelines/export-version.ts";
import type { VersionRecord } from "../../../pipelines/registry/version-record.ts";
import { deployed } from "../../scratch.ts";
import { startS3 } from "../object-storage.ts";

it("an export for KServe puts what Triton reads into the bucket, below the address that its InferenceService names", async () => {
  await using server = await startS3();
  using scratch = await deployed();
  Object.assign(scratch.env, server.env);
  scratch.write("mergeml.yaml", `store: ${server.address("store")}\n`);
  const result = await scratch.facts<ExportResult>(["export", "rent@1", "--for", "kserve", "--output", "service"]);
  // With a slash at the end: KServe takes all keys that begin so, and kserve/rent/1 would take those of version 10 too.
  expect(result.storage_uri).toBe("s3://acme-models/store/kserve/rent/1/");
  expect(readdirSync(join(scratch.root, "service"))).toEqual(["inference-service.yaml"]);
  const service = parse(readFileSync(join(scratch.root, "service", "inference-service.yaml"), "utf8"));
  expect(service.spec.predictor.model.storageUri).toBe(result.storage_uri);

  const storage = server.open();
  const prefix = "store/kserve/rent/1/";
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key.slice(prefix.length));
  expect(keys.sort()).toEqual(["rent/1/model.onnx", "rent/config.pbtxt"]);
  const record = await scratch.facts<VersionRecord>(["show", "rent@1"]);
  expect(sha256((await storage.get(`${prefix}rent/1/model.onnx`))!)).toBe(record.candidate.model.sha256);

  await scratch.facts(["export", "rent@1", "--for", "kserve", "--output", "again"]);
  const { items } = await scratch.facts<{ items: unknown[] }>(["store", "ls"]);
  expect(items).toEqual([]);
});
