import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { downloadFromRun } from "../../../actions/shared/github/other-run.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { zipArchive } from "../../github/zip-archive.ts";
import { startFaultyGitHub } from "./faulty-github.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-other-run-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const zip = (content: string) => zipArchive([{ name: "plan.json", content }]);
const warnings: string[] = [];
const wanted = () => ({
  runId: 3,
  prefix: "mergeml-report-",
  folder,
  log: { ...silentLog, warn: (text: string) => warnings.push(text) },
});

it("downloads what another run made for the report, the newest of each name", async () => {
  await using faulty = await startFaultyGitHub();
  faulty.server.added.artifacts = [
    { run: 3, name: "mergeml-report-plan", zip: zip("1") },
    { run: 3, name: "mergeml-report-plan", zip: zip("2") },
    { run: 3, name: "mergeml-candidate-rent", zip: zip("3") },
    { run: 4, name: "mergeml-report-other", zip: zip("4") },
  ];
  const done = await downloadFromRun(faulty.github, wanted());
  expect(done).toEqual([{ name: "mergeml-report-plan", folder: join(folder, "mergeml-report-plan") }]);
  expect(readFileSync(join(folder, "mergeml-report-plan/plan.json"), "utf8")).toBe("2");
});

it("leaves out one that is hostile, and says so", async () => {
  await using faulty = await startFaultyGitHub();
  const link = { name: "plan.json", content: "/etc/passwd", mode: 0o120777 };
  faulty.server.added.artifacts = [
    { run: 3, name: "mergeml-report-plan", zip: zipArchive([link]) },
    { run: 3, name: "mergeml-report-../../x", zip: zip("") },
  ];
  expect(await downloadFromRun(faulty.github, wanted())).toEqual([]);
  expect(warnings.join()).toContain("plan.json is not a plain file");
  expect(readdirSync(folder)).toEqual([]);
});

it("refuses a run with more than is read", async () => {
  await using faulty = await startFaultyGitHub();
  const one = { run: 3, name: "mergeml-report-plan", zip: zip("") };
  faulty.server.added.artifacts = Array.from({ length: 4_501 }, () => one);
  await expect(downloadFromRun(faulty.github, wanted())).rejects.toThrow(
    "the pull request's run has more than 4500 artifacts; that is not read",
  );
});

it("asks again when the store fails, and then says what is safe", async () => {
  await using faulty = await startFaultyGitHub();
  faulty.server.added.artifacts = [{ run: 3, name: "mergeml-report-plan", zip: zip("1") }];
  faulty.server.fail({ method: "GET", path: /\/zip$/, status: 502, times: 2 });
  expect(await downloadFromRun(faulty.github, wanted())).toHaveLength(1);
  faulty.server.fail({ method: "GET", path: /artifact-blobs/, status: 500 });
  await expect(downloadFromRun(faulty.github, wanted())).rejects.toMatchObject({
    name: "EnvironmentError",
    message: "the artifact store failed: status 500",
    safe: "Nothing was posted or changed; running the job again is safe.",
  });
});
