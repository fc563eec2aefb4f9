import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeScratch, modelYaml } from "../scratch.ts";
import { bandColumn, bandYaml, flatColumns, flatRows, ownScores } from "./flats.ts";
import { startMlflow } from "./mlflow-process.ts";

const cases = [
  { title: "regression", yaml: modelYaml(), target: "rent", output: "prediction" },
  { title: "three classes", yaml: bandYaml(), target: bandColumn, output: "probabilities" },
];

describe("mlflow models serve answers with our predictions", () => {
  it.each(cases)("$title", async ({ yaml, target, output }) => {
    using scratch = makeScratch();
    scratch.write("models/rent/model.yaml", yaml);
    scratch.write("models/rent/features.sql", `SELECT id, size, rooms, city, ${target} FROM 'flats.csv'\n`);
    await scratch.facts(["init"]);
    await scratch.facts(["run", "rent"]);
    const folder = join(scratch.folder, "version");
    mkdirSync(folder);
    const archive = execFileSync("git", ["archive", "origin/registry:models/rent/versions/1"], { cwd: scratch.root });
    execFileSync("tar", ["-x", "-C", folder], { input: archive });

    const args = ["models", "serve", "--model-uri", folder, "--env-manager", "local", "--workers", "1"];
    await using server = await startMlflow(scratch.folder, args, "/ping");
    const body = JSON.stringify({ dataframe_split: { columns: flatColumns, data: flatRows } });
    const theirs = await invoke(`${server.url}/invocations`, body);
    expect(theirs.status).toBe(200);
    const answered = (theirs.answer as { predictions: Record<string, number | number[]>[] }).predictions;
    const ours = await ownScores(folder);
    const values = answered.flatMap((row) => row[output] ?? []);
    expect(values).toHaveLength(ours.length);
    for (const [i, value] of ours.entries())
      expect(Math.abs((values[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-5);

    const example = readFileSync(join(folder, "serving_input_example.json"), "utf8");
    expect((await invoke(`${server.url}/invocations`, example)).status).toBe(200);
    const incomplete = JSON.stringify({ dataframe_split: { columns: ["size"], data: [[50]] } });
    const refused = await invoke(`${server.url}/invocations`, incomplete);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.answer)).toContain("rooms");
  });
});

async function invoke(url: string, body: string): Promise<{ status: number; answer: unknown }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(30_000) });
  return { status: response.status, answer: await response.json() };
}
