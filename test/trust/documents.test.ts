import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import type { ModelConfig } from "../../pipelines/config/model-config.ts";
import type { GitObject } from "../../pipelines/registry/git/object-reader.ts";
import { modelCard } from "../../pipelines/registry/model-card.ts";
import { sealRecord, type VersionRecord } from "../../pipelines/registry/version-record.ts";
import { billOfMaterials } from "../../pipelines/report/bill-of-materials.ts";
import { csvText } from "../../pipelines/report/csv-text.ts";
import { readLocked } from "../../pipelines/report/locked-libraries.ts";
import { technicalDossier } from "../../pipelines/report/technical-dossier.ts";
import { registered } from "./builders.ts";

const card = {
  intended_use: "Staff see what a flat may cost.",
  not_for: "Not for contracts.",
  limits: ["Few flats in Ulm."],
  data_licence: "CC-BY-4.0",
};

/** A version with all that a bill of materials can say: slices, sources, a card, an environment of a program of one's own. */
function full(version = 2): VersionRecord {
  return registered(version, ({ digest: _, ...record }) => {
    const { candidate, evaluation } = record;
    const config = { ...candidate.config, card, params: { l2: version / 10 } } as ModelConfig;
    const slice = { by: "city", value: "Ulm", metric: "rmse", direction: "min" as const, rows: 7 };
    return sealRecord({
      ...record,
      candidate: {
        ...candidate,
        config,
        sources: [{ source: "lake", read: "table", version: "17" }],
        environment: { ...candidate.environment, duckdb: "1.5.5-r.5", "uv.lock": "sha256:ab" },
      },
      evaluation: { ...evaluation, slices: [{ ...slice, production: null, candidate: 512, difference: null }] },
    });
  }).record;
}

let isBom: ValidateFunction;

beforeAll(() => {
  const library = dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json"));
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(library, "res/schema", `${name}.SNAPSHOT.schema.json`), "utf8"));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  // Within the package they call one another by other names than their own.
  for (const name of ["spdx", "jsf-0.82", "cryptography-defs"])
    ajv.addSchema({ ...schema(name), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` });
  isBom = ajv.compile(schema("bom-1.7"));
});

describe("a bill of materials", () => {
  it.each([
    ["with all there is", () => full()],
    ["of a plain version", () => registered(1).record],
  ])("%s is CycloneDX 1.7", (_, record) => {
    const bom = billOfMaterials(record());
    expect(isBom(bom), JSON.stringify(isBom.errors)).toBe(true);
    expect(billOfMaterials(record())).toEqual(bom);
  });

  it("has card, datasets, trainer and libraries with licences", () => {
    const text = JSON.stringify(billOfMaterials(full()));
    for (const said of ["Staff see what a flat may cost.", "city = Ulm", '"lake\\"', "CC-BY-4.0", "uv.lock"])
      expect(text).toContain(said);
    expect(text).toContain('"purl":"pkg:npm/%40duckdb/node-api@1.5.5-r.5"');
    expect(text).toContain('"licenses":[{"license":{"id":"MIT"}}]');
    expect(text).toContain(full().candidate.train.fingerprint);
  });

  it.each([
    [
      "requirements.txt",
      "# uv\nnumpy==2.3.1 \\\n    --hash=sha256:00\nScikit_Learn[x]==1.7.0 ; python_version > '3.9'\n",
      ["pkg:pypi/numpy@2.3.1", "pkg:pypi/scikit-learn@1.7.0"],
    ],
    [
      "uv.lock",
      'version = 1\n[[package]]\nname = "own"\nversion = "0"\nsource = { virtual = "." }\n[[package]]\nname = "numpy"\nversion = "2.3.1"\n',
      ["pkg:pypi/numpy@2.3.1"],
    ],
    [
      "environment.yml",
      "dependencies:\n  - conda-forge::numpy=2.3.1=py312_0\n",
      ["pkg:conda/numpy@2.3.1?build=py312_0"],
    ],
    ["renv.lock", '{ "Packages": { "ranger": { "Version": "0.17.0" } } }', ["pkg:cran/ranger@0.17.0"]],
    [
      "Dockerfile",
      `FROM python:3.12@sha256:${"a".repeat(64)}\nRUN true\n`,
      [`pkg:docker/python%3A3.12@sha256%3A${"a".repeat(64)}`],
    ],
  ])("has the packages of %s", async (path, text, purls) => {
    const { candidate } = registered(1).record;
    const lock = { lock: `${path} ${sha256(text)}` };
    const trained = { ...candidate, commit: "c0ffee", environment: { ...candidate.environment, ...lock } };
    const gitWith = (content: string) => ({
      text: async () => "sub/",
      objects: {
        async visit([name]: readonly string[], see: (object: GitObject, index: number) => unknown) {
          expect(name).toBe(`c0ffee:sub/models/rent/${path}`);
          see({ oid: "0", type: "blob", content: Buffer.from(content) }, 0);
        },
        read: () => expect.unreachable("one file is asked for at once"),
      },
    });
    const locked = await readLocked(gitWith(text), trained);
    expect(locked?.map(({ purl }) => purl)).toEqual(purls);
    const bom = billOfMaterials(registered(1).record, locked!);
    expect(isBom(bom), JSON.stringify(isBom.errors)).toBe(true);
    expect(JSON.stringify(bom)).toContain(`"purl":"${purls[0]}"`);
    // Another file than the one that was trained with says nothing of this version.
    expect(await readLocked(gitWith(`${text} `), trained)).toBeNull();
  });

  it("of something else is none", () =>
    expect(isBom({ bomFormat: "CycloneDX", specVersion: "1.7", what: 1 })).toBe(false));
});

describe("a model card", () => {
  it("says intended use, data by slice, limits, and what has changed since the version before", () => {
    const text = modelCard({ ...full(2), before: full(1) });
    for (const said of [
      "Staff see what a flat may cost",
      "Not for: Not for contracts",
      "## By slice",
      "city = Ulm",
      "Few flats in Ulm",
    ])
      expect(text).toContain(said);
    expect(text).toMatch(/## Since version 1\n\n- params\.l2: 0\.1 → 0\.2\n/);
  });

  it("says that nobody wrote down what it is for", () => {
    expect(modelCard(registered(1).record)).toContain("Nobody has written it down: `card.intended_use` in model.yaml.");
  });
});

describe("a dossier", () => {
  const facts = { history: [], before: null, signed: null };

  it("goes through Annex IV, and marks what a person must write", () => {
    const text = technicalDossier(full(), { ...facts, before: full(1) });
    expect(text.match(/^## \d/gm)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((each) => `## ${each}`));
    expect(text).toContain("Staff see what a flat may cost");
    // What has no full stop of its own gets one before the next sentence, and no second one.
    expect(text).toContain("Terms: CC-BY-4.0. **TO WRITE:**");
    expect(text).toContain("may cost. Not for: Not for contracts.\n");
    expect(text).toContain("Monthly rent of a flat. Owner:");
    expect(text).toContain("- params.l2: 0.1 → 0.2");
    expect(text).toMatch(/Article 9\)\n\n\*\*TO WRITE:\*\*/);
    expect(text).not.toMatch(/undefined|\[object/);
  });

  it("has more to write when nobody said what the model is for", () => {
    const open = (record: VersionRecord) => technicalDossier(record, facts).split("TO WRITE").length;
    expect(open(registered(1).record)).toBeGreaterThan(open(full()));
  });
});

it.each([
  ["a comma and a quote", 'a,"b"', '"a,""b"""'],
  ["a formula", "=1+1", "'=1+1"],
  ["a number below zero", -1, "-1"],
  ["nothing", null, ""],
  ["two lines", "a\nb", '"a\nb"'],
])("%s is a cell of CSV", (_, value, cell) => expect(csvText(["x"], [[value]])).toBe(`x\r\n${cell}`));
