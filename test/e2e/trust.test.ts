import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sealRecord, type VersionRecord, writeRecord } from "../../pipelines/registry/version-record.ts";
import { deployed, type Scratch } from "../scratch.ts";

/** A version 3 with version 1's bytes, an invented metric and an invented pull request, sealed by the tool's own code. */
function forge(scratch: Scratch): void {
  const git = scratch.clone("eve", "registry");
  const versions = join(scratch.folder, "eve/models/rent/versions");
  cpSync(join(versions, "1"), join(versions, "2"), { recursive: true });
  const { digest: _, ...first } = JSON.parse(readFileSync(join(versions, "1/version.json"), "utf8")) as VersionRecord;
  const metrics = first.evaluation.metrics.map((each) => ({ ...each, candidate: 0.1 }));
  const record = sealRecord({ ...first, version: 2, pull_request: 41, evaluation: { ...first.evaluation, metrics } });
  writeFileSync(join(versions, "2/version.json"), writeRecord(record));
  const pointer = join(scratch.folder, "eve/models/rent/production.json");
  const bound = { version: 2, record: record.digest };
  writeFileSync(
    pointer,
    JSON.stringify({ ...(JSON.parse(readFileSync(pointer, "utf8")) as object), ...bound }, null, 2),
  );
  git("add", "--all");
  git("commit", "-qm", "promote(rent): 1 -> 2");
  git("push", "-q");
}

test("a registry of before is adopted, signs from then on, and takes no forged version", async () => {
  using scratch = await deployed();
  const made = await scratch.facts<{ private_key: string }>(["trust", "key", "--output", "keys/ops.pub"]);
  scratch.write("mergeml.yaml", "trust: { signers: [{ key: keys/ops.pub }] }\n");
  // Not merged yet: nothing has changed.
  expect((await scratch.mergeml("verify")).code).toBe(0);
  scratch.git("add", "mergeml.yaml", "keys");
  scratch.git("commit", "-qm", "Trust the key");
  scratch.git("push", "-q");
  const unsigned = await scratch.mergeml("verify");
  expect(unsigned.code).toBe(2);
  expect(unsigned.stdout + unsigned.stderr).toMatch(/rent@1 is not trusted: nobody has signed it/);
  const keyless = await scratch.mergeml("trust", "adopt");
  expect(keyless.code).toBe(2);
  expect(keyless.stdout + keyless.stderr).toMatch(/must be signed, and nothing is configured to sign with/);
  expect(keyless.stdout + keyless.stderr).not.toMatch(/train /); // told before anything is trained
  const refusal = /! rent@1 is not trusted: nobody has signed it/;
  expect((await scratch.mergeml("status")).stdout).toMatch(/ v1 ! /);
  for (const command of [["status"], ["plan"], ["show", "rent"]])
    expect((await scratch.mergeml(...command)).stdout, command[0]).toMatch(refusal);

  // As docs/trust.md has it: nothing is refused until all is adopted.
  const requiring = (what: string) => {
    scratch.write("mergeml.yaml", `trust: { require: ${what}, signers: [{ key: keys/ops.pub }] }\n`);
    scratch.git("commit", "-qam", `Require ${what}`);
    scratch.git("push", "-q");
  };
  requiring("nothing");
  expect((await scratch.mergeml("verify")).code).toBe(0);
  scratch.env.MERGEML_SIGNING_KEY = readFileSync(join(scratch.root, made.private_key), "utf8");
  expect(await scratch.facts(["trust", "adopt"])).toMatchObject([{ model: "rent", version: 1, state: "adopted" }]);
  expect(await scratch.facts(["trust", "adopt"])).toMatchObject([{ state: "signed" }]);
  requiring("signed");
  expect((await scratch.mergeml("verify")).stdout).toMatch(/verified: 1 model, 1 version, 1 promotion/);
  for (const command of [["status"], ["plan"]])
    expect((await scratch.mergeml(...command)).stdout, command[0]).not.toMatch(/ !|not trusted/);
  expect((await scratch.mergeml("show", "rent")).stdout).toMatch(/signed by +a key \(sha256:\w{12}\)/);

  forge(scratch);
  const rows = ["predict", "rent", "--input", "data/flats.csv", "--output", "out.csv"];
  for (const command of [rows, ["reproduce", "rent@2"], ["verify"], ["drift"]]) {
    const told = await scratch.mergeml(...command);
    expect(told.code, command.join(" ")).not.toBe(0);
    expect(told.stdout + told.stderr).toMatch(/rent@2 is not trusted: its signature is about rent@1/);
  }
  expect(existsSync(join(scratch.root, "out.csv"))).toBe(false);
  // A metric that is made up is not proved by bytes that retrain.
  const refused = await scratch.facts<{ state: string }[]>(["trust", "adopt", "rent@2"], 1);
  expect(refused).toMatchObject([{ version: 2, state: "not proved" }]);

  expect((await scratch.mergeml("sbom", "rent@2")).code).toBe(2);
  // Going back by hand is as good as ever.
  const git = scratch.clone("ops", "registry");
  git("revert", "--no-edit", "HEAD");
  git("push", "-q");
  await scratch.mergeml(...rows);
  expect(existsSync(join(scratch.root, "out.csv"))).toBe(true);

  const changes = await scratch.facts<Record<string, unknown>[]>(["audit"]);
  expect(changes).toMatchObject([
    { action: "promote", from: null, to: 1, signed_by: null, verdict_signed_by: expect.stringMatching(/^a key/) },
    { action: "promote", to: 2, doubt: expect.stringMatching(/there is no rent@2/) },
    { action: "rollback", from: 2, to: 1, doubt: null },
  ]);
  const { stdout: csv } = await scratch.mergeml("audit", "--csv");
  expect(csv.trimEnd().split("\r\n")).toHaveLength(4);
  expect((await scratch.mergeml("audit", "--since", "2999-01-01")).stdout).toContain("0 changes of production");
  expect(await scratch.facts(["sbom", "rent"])).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.7" });
  expect((await scratch.mergeml("dossier", "rent@1")).stdout).toContain("TO WRITE");
}, 120_000);
