import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startChromium } from "../browser/chromium.ts";
import { makeScratch, type Scratch } from "../scratch.ts";
import { type MlflowProcess, startMlflow } from "./mlflow-process.ts";
import { pythonOf } from "./virtual-environment.ts";

const root = join(import.meta.dirname, "..", "..");
const keeps = process.env.UPDATE_PICTURES === "1";
/** Looked at before they are committed: docs/pictures.md shows them. */
const pictures = join(root, keeps ? "docs/pictures" : ".cache/browser");

interface Peer {
  name: string;
  url: string;
  /** What is on the page once it can be read. */
  answer: string;
}

interface Opened {
  name: string;
  /** Until the answer is seen, the median of five. */
  seconds: number;
  /** Of all that was loaded. */
  kilobytes: number;
  requests: number;
  /** Characters on the page where no script runs. */
  textWithoutScript: number;
}

describe("our report, Evidently's and MLflow's pages of the same model, in the same browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-beside-"));
  let browser: Browser;
  let server: MlflowProcess;
  let scratch: Scratch;
  const found = new Map<string, Opened>();

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    const store = ["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`];
    const files = ["--artifacts-destination", join(folder, "artifacts")];
    server = await startMlflow(folder, ["server", "--workers", "1", ...store, ...files], "/health");
    browser = await startChromium();
    scratch = makeScratch({ model: false });
    scratch.env.MLFLOW_TRACKING_URI = server.url;
    const diamonds = join(root, "node_modules/@observablehq/sample-datasets/diamonds.csv");
    cpSync(join(root, "models/diamond-price"), join(scratch.root, "models/diamond-price"), { recursive: true });
    cpSync(diamonds, join(scratch.root, "data/diamonds.csv"));
    await scratch.facts(["init"]);
    await scratch.facts(["run", "diamond-price"]);
    for (const peer of await peers()) found.set(peer.name, await open(peer));
    writeFileSync(join(root, ".cache", "beside-pictures.json"), JSON.stringify([...found.values()], null, 2));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    scratch?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function peers(): Promise<Peer[]> {
    const ours = join(folder, "report.html");
    await scratch.facts(["show", "diamond-price@1", "--html", ours]);
    return [
      { name: "report", url: pathToFileURL(ours).href, answer: "text=rmse" },
      { name: "evidently", url: pathToFileURL(await evidently()).href, answer: "text=Dataset Drift is" },
      { name: "mlflow", url: `${server.url}/${await runPage()}`, answer: "text=rmse" },
    ];
  }

  /** Evidently's report needs the rows with their predictions. */
  async function evidently(): Promise<string> {
    const [scored, output] = [join(scratch.folder, "scored.csv"), join(folder, "evidently.html")];
    const query = join(scratch.root, "models/diamond-price/features.sql");
    await scratch.facts(["predict", "diamond-price", "--input", query, "--output", scored]);
    const program = join(import.meta.dirname, "report-evidently.py");
    execFileSync(pythonOf("peer-evidently"), [program, scored, join(scratch.root, "data/diamonds.csv"), output], {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: 300_000,
    });
    return output;
  }

  async function runPage(): Promise<string> {
    const { request } = await browser.newContext(); // connections of its own, which MLflow has not closed meanwhile
    const api = `${server.url}/api/2.0/mlflow`;
    const asked = await request.get(`${api}/experiments/get-by-name?experiment_name=diamond-price`);
    const { experiment } = (await asked.json()) as { experiment: { experiment_id: string } };
    const { experiment_id } = experiment;
    const searched = await request.post(`${api}/runs/search`, {
      data: { experiment_ids: [experiment_id], max_results: 1 },
    });
    const { runs } = (await searched.json()) as { runs: { info: { run_id: string } }[] };
    return `#/experiments/${experiment_id}/runs/${runs[0]!.info.run_id}`;
  }

  async function open({ name, url, answer }: Peer): Promise<Opened> {
    const times: number[] = [];
    const loaded = { kilobytes: 0, requests: 0 };
    for (let at = 0; at < 5; at += 1) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, deviceScaleFactor: 0.5 });
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      if (at === 0)
        session.on("Network.loadingFinished", ({ encodedDataLength }) => {
          loaded.kilobytes += encodedDataLength / 1000;
          loaded.requests += 1;
        });
      const start = performance.now();
      await page.goto(url, { waitUntil: "commit", timeout: 120_000 });
      await page.locator(answer).locator("visible=true").first().waitFor({ timeout: 120_000 });
      times.push((performance.now() - start) / 1000);
      if (at === 0) {
        await page.waitForTimeout(3_000); // MLflow asks on and on, and draws meanwhile
        await page.screenshot({ path: join(pictures, `beside-${name}.png`), animations: "disabled" });
      }
      await context.close();
    }
    const seconds = times.toSorted((a, b) => a - b)[2]!;
    return { name, seconds, ...loaded, textWithoutScript: await withoutScript(url) };
  }

  async function withoutScript(url: string): Promise<number> {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(url);
    const { length } = (await page.locator("body").innerText()).trim();
    await context.close();
    return length;
  }

  it("ours is read without a script, which shows nothing of theirs", () => {
    expect(found.get("report")!.textWithoutScript).toBeGreaterThan(2_000);
    expect(found.get("evidently")!.textWithoutScript).toBeLessThan(200);
    expect(found.get("mlflow")!.textWithoutScript).toBeLessThan(200);
  });

  it("ours is the smallest, and one request", () => {
    const [ours, ...theirs] = [...found.values()];
    expect(ours!.kilobytes).toBeLessThan(Math.min(...theirs.map(({ kilobytes }) => kilobytes)) / 5);
    expect(ours!.requests).toBe(1);
  });

  it("pictures for the documents are small", () => {
    for (const name of found.keys())
      expect(statSync(join(pictures, `beside-${name}.png`)).size, name).toBeLessThan(200_000);
  });
});
