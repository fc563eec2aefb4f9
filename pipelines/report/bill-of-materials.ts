import { createHash } from "node:crypto";
import { canonicalJson } from "../config/canonical-json.ts";
import type { DatasetRef } from "../data/dataset-store.ts";
import type { MetricComparison, SliceComparison } from "../evaluation/evaluation.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import type { LockedLibrary } from "./locked-libraries.ts";

/** A block of CycloneDX. */
type Block = Record<string, unknown>;

/** What trains and scores, by its name in the record's environment; licences as the packages declare them. */
const libraries: Readonly<Record<string, { package: string; licence: string; what: string }>> = {
  mergeml: { package: "mergeml", licence: "Apache-2.0", what: "trains, judges and registers" },
  node: { package: "node", licence: "MIT", what: "the runtime" },
  duckdb: { package: "@duckdb/node-api", licence: "MIT", what: "features, checks, splits and fingerprints" },
  onnxruntime: { package: "onnxruntime-node", licence: "MIT", what: "scores the model" },
};

const trainerLibraries: Readonly<Record<string, { package: string; version: string; licence: string }[]>> = {
  linear: [{ package: "ml-matrix", version: "6.15.1", licence: "MIT" }],
  "neural-network": [{ package: "@tensorflow/tfjs-core", version: "4.22.0", licence: "Apache-2.0" }],
};

/**
 * A version's bill of materials as CycloneDX 1.7 (https://cyclonedx.org/docs/1.7/json/): the model with its card, its datasets with
 * fingerprints and sources, the trainer, libraries with licences, and the packages of a program's lock file, whose licences no lock
 * names. The same record and lock give the same bytes.
 */
export function billOfMaterials(record: VersionRecord, locked: readonly LockedLibrary[] = []): Block {
  const { model, version, candidate, registered, digest } = record;
  const datasets = datasetComponents(candidate);
  const tools = [...libraryComponents(candidate), ...locked.map(lockedComponent)];
  const modelRef = `${model}@${version}`;
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.7.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.7",
    serialNumber: `urn:uuid:${uuidOf(digest)}`,
    version: 1,
    metadata: {
      timestamp: registered,
      tools: {
        components: [{ type: "application", name: "mergeml", version: candidate.environment.mergeml ?? "unknown" }],
      },
      component: modelComponent(record, modelRef, datasets),
    },
    components: [...datasets, trainerComponent(candidate), ...tools],
    dependencies: [
      { ref: modelRef, dependsOn: [...datasets.map(refOf), "trainer"] },
      { ref: "trainer", dependsOn: tools.map(refOf) },
    ],
  };
}

function modelComponent(record: VersionRecord, ref: string, datasets: readonly Block[]): Block {
  const { candidate, pull_request: pullRequest, verdict } = record;
  const { config } = candidate;
  const facts: Record<string, string | null> = {
    "mergeml:candidate": candidate.id,
    "mergeml:definition": candidate.definition,
    "mergeml:commit": candidate.commit,
    "mergeml:pull-request": pullRequest === null ? null : String(pullRequest),
    "mergeml:verdict": `${verdict.outcome}: ${verdict.summary}`,
    "mergeml:record": record.digest,
  };
  return {
    type: "machine-learning-model",
    "bom-ref": ref,
    name: record.model,
    version: String(record.version),
    description: config.description,
    ...(config.owner && { authors: [{ name: config.owner }] }),
    hashes: [{ alg: "SHA-256", content: candidate.model.sha256.replace("sha256:", "") }],
    properties: propertiesOf(facts),
    modelCard: modelCardBlock(record, datasets),
  };
}

function modelCardBlock({ candidate, evaluation, verdict }: VersionRecord, datasets: readonly Block[]): Block {
  const { config, features, classes } = candidate;
  const { card, task } = config;
  const limits = [...(card?.limits ?? []), ...verdict.notes];
  const output = task === "regression" ? "float32 prediction" : `label (${classes.join(", ")}) and probabilities`;
  return {
    modelParameters: {
      approach: { type: "supervised" },
      task,
      architectureFamily: config.type,
      modelArchitecture: `${config.type} (${candidate.trainer.name} ${candidate.trainer.version})`,
      datasets: datasets.map((each) => ({ ref: refOf(each) })),
      inputs: features.map(({ name, kind }) => ({ format: `${name}: ${kind}` })),
      outputs: [{ format: output }],
    },
    quantitativeAnalysis: {
      performanceMetrics: [...evaluation.metrics.flatMap(metricBlock), ...evaluation.slices.flatMap(sliceBlock)],
    },
    considerations: {
      ...(card?.intended_use && {
        useCases: [card.intended_use, ...(card.not_for ? [`Not for: ${card.not_for}`] : [])],
      }),
      ...(limits.length > 0 && { technicalLimitations: limits }),
    },
    properties: Object.entries(config.params).map(([name, value]) => ({
      name: `mergeml:params:${name}`,
      value: canonicalJson(value),
    })),
  };
}

/** The interval is that of the difference to production, which the gate judged. */
function metricBlock({ metric, candidate, difference }: MetricComparison): Block[] {
  if (candidate === null) return [];
  const of = difference && {
    type: `${metric}: difference to production`,
    value: String(difference.value),
    confidenceInterval: { lowerBound: String(difference.low), upperBound: String(difference.high) },
  };
  return [{ type: metric, value: String(candidate) }, ...(of ? [of] : [])];
}

function sliceBlock({ by, value, metric, candidate }: SliceComparison): Block[] {
  return candidate === null ? [] : [{ type: metric, value: String(candidate), slice: `${by} = ${value}` }];
}

function datasetComponents(candidate: CandidateRecord): Block[] {
  const { train, test, predictions, config, sources = [] } = candidate;
  const licence = config.card?.data_licence;
  return Object.entries({ train, test, predictions }).map(([split, set]) => ({
    type: "data",
    "bom-ref": `dataset-${split}`,
    name: `${config.name} ${split}`,
    version: set.fingerprint,
    ...(licence && { licenses: [{ license: { name: licence } }] }),
    data: [
      {
        type: "dataset",
        name: split,
        description: `${set.rows} rows, ${columnsOf(set)}`,
        contents: {
          properties: propertiesOf({
            fingerprint: set.fingerprint,
            rows: String(set.rows),
            query: config.features.query,
            window: config.features.window && `${config.features.window.start} to ${config.features.window.end}`,
            ...Object.fromEntries(sources.map((each) => [`source:${each.source}`, canonicalJson(each)])),
          }),
        },
      },
    ],
  }));
}

function columnsOf({ columns }: DatasetRef): string {
  return `columns ${columns.map(({ name, type }) => `${name} ${type}`).join(", ")}`;
}

function trainerComponent({ trainer, config }: CandidateRecord): Block {
  return {
    type: "application",
    "bom-ref": "trainer",
    name: trainer.name,
    version: String(trainer.version),
    properties: propertiesOf({ "mergeml:type": config.type, "mergeml:seed": String(config.seed) }),
  };
}

/** What the record's environment names: our own libraries with their packages, and what a program of one's own told, its lock among them. */
function libraryComponents({ environment, config }: CandidateRecord): Block[] {
  const named = Object.entries(environment).filter(([name]) => name !== "platform");
  const own = (trainerLibraries[config.type] ?? []).map((each) => ({
    type: "library",
    "bom-ref": `library-${each.package}`,
    ...packageOf(each.package, each.version, each.licence),
  }));
  return [
    ...named.map(([name, version]) => {
      const known = Object.hasOwn(libraries, name) ? libraries[name] : undefined;
      const about = known
        ? { ...packageOf(known.package, version, known.licence), description: known.what }
        : { name, version, description: "as the training program's environment had it" };
      return { type: name === "node" ? "platform" : "library", "bom-ref": `library-${name}`, ...about };
    }),
    ...own,
  ];
}

function lockedComponent({ name, version, purl }: LockedLibrary): Block {
  const description = "as the lock file of the program's environment names it";
  return {
    type: purl.startsWith("pkg:docker/") ? "container" : "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    description,
  };
}

function packageOf(name: string, version: string, licence: string): Block {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;
  return { name, version, licenses: [{ license: { id: licence } }], purl };
}

function propertiesOf(facts: Readonly<Record<string, string | null>>): Block[] {
  return Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
}

function refOf(component: Block): string {
  return String(component["bom-ref"]);
}

/** A UUID (version 8, RFC 9562) of a digest, so that the same record has the same serial number. */
function uuidOf(digest: string): string {
  const hex = createHash("sha256").update(`bom ${digest}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
