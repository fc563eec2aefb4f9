import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { statusPage, statusPageHeaders } from "../../../pipelines/serving/page/status-page.ts";
import type { ServingFacts } from "../../../pipelines/serving/serving-facts.ts";
import { busyServer, hostileServer, loadFailure, modelFacts, now, servedVersion, servingFacts } from "./facts.ts";

/** What a reader sees, without markup and with single spaces. */
function textOf(facts: ServingFacts): string {
  const [, body = ""] = statusPage(facts).split("<body>");
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return body
    .replace(/<script>.*<\/script>/s, "")
    .replace(/<\/?(?:p|li|td|th|tr|dt|dd|h\d|summary|ul)\b[^>]*>/g, " ")
    .replace(/<[^>]+>/g, "")
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name]!)
    .replace(/\s+/g, " ");
}

describe("the status page", () => {
  it("says of each model what is in production, since when, by whom, and how it does", () => {
    const text = textOf(busyServer());
    expect(text).toContain(
      "flight-delay v5 since 14:12 UTC · promoted by octocat (#41) · 1,204 requests/min · p99 4 ms · ● no drift · shadow v6: rmse −0.3 (−0.5 … −0.1) on 8,120 labelled",
    );
    expect(text).toContain("promote(flight-delay): 4 -> 5 · sha256:");
    expect(text).toContain(
      "Challenger less production: rmse −0.3 (−0.5 … −0.1) on 8,120 labelled rows; the challenger is better.",
    );
    expect(text).toContain(
      "drift of the log ● no drift, although these moved: carrier, 21,600 rows since 09:14 UTC; looked at 14:30 UTC last check ● no drift (until 2026-03-03)",
    );
    expect(text).toContain(
      "What they predicted, by the log as of 14:30 UTC: the challenger's less production's −0.3 on average, 1.25 apart, on 21,590 rows of both.",
    );
    expect(text).toContain("v6 21,600 11.8 5.8 11.8 18.8 0.42 ms 4 ms");
    expect(text).toContain(
      "▲ drifting in carat, cut, clarity, color, depth, 2 more, 8,120 rows since 2026-02-25 14:29 UTC; looked at 14:29 UTC",
    );
    expect(text).toContain("log 99.97% kept");
    expect(text).toContain("diamond-price v3 since 2026-02-10 09:05 UTC · promoted by octocat");
  });

  it("says above everything what could not be loaded, in words, with what still answers", () => {
    const page = statusPage(busyServer());
    expect(page.indexOf("Needs a person")).toBeLessThan(page.indexOf('<details class="model"'));
    expect(page.indexOf('id="model-diamond-price"')).toBeLessThan(page.indexOf('id="model-bird-strike"'));
    const text = textOf(busyServer());
    expect(text).toContain(
      "diamond-price v4 was not loaded: model.onnx is not the model that was registered: its hash is another (since 14:20 UTC) v3 still answers.",
    );
    expect(text).toContain(
      "The registry cannot be read: github.com does not answer (tried for 30 s) What answers is the last good copy, 45e1451. It was last looked at 3 min ago.",
    );
    expect(text).toContain("2 of 3 models answer Registry: at 45e1451, looked 3 min ago");
    expect(text).toContain(
      'Nothing answers: it was taken out of production by hubot: Revert "promote(bird-strike): 1". Callers get 404.',
    );
  });

  it.each<[string, Parameters<typeof loadFailure>[0], boolean, string]>([
    [
      "a shadow",
      { arm: "shadow" },
      true,
      "m v6 as shadow was not loaded: its hash is another (since 14:20 UTC) v5 answers as before; there is no shadow.",
    ],
    [
      "a damaged pointer",
      { version: null },
      false,
      "m is damaged: its hash is another (since 14:20 UTC) Nothing answers for m: callers get 404.",
    ],
  ])("of %s that failed", (_title, failure, answers, told) => {
    const versions = answers ? [servedVersion("m", 5)] : [];
    expect(textOf(servingFacts([modelFacts("m", { versions, failures: [loadFailure(failure)] })]))).toContain(told);
  });

  it("is calm when all is well, and never rounds a lost row away", () => {
    const text = textOf(servingFacts([modelFacts("m")], { log: { kept: 10_000_000, dropped: 1, problem: null } }));
    expect(text).not.toContain("Needs a person");
    expect(text).toContain("1 model answers");
    expect(text).toContain("log 99.99% kept");
    expect(textOf(servingFacts([], { log: { kept: 5, dropped: 0, problem: null } }))).toContain("log 100% kept");
  });

  it("tells of a server that has nothing yet", () => {
    const registry = { ...servingFacts([]).registry, commit: null, looked: null, problem: "no such branch" };
    const text = textOf(servingFacts([], { registry, log: { kept: 0, dropped: 0, problem: null } }));
    expect(text).toContain("No model is in production Registry: not read yet, not looked at since the start");
    expect(text).toContain("There is no copy of it here. It was not looked at since the start.");
  });

  it("opens a few models, and of many those that need a person", () => {
    const many = Array.from({ length: 200 }, (_, i) => modelFacts(`m${i}`));
    const broken = modelFacts("broken", { failures: [loadFailure()] });
    const opened = [...statusPage(servingFacts([...many, broken])).matchAll(/id="model-([^"]+)" open/g)].map(
      ([, name]) => name,
    );
    expect(opened).toEqual(["broken"]);
  });

  it("shows what others wrote as text", () => {
    const page = statusPage(hostileServer());
    expect(page).not.toMatch(/<img|onerror="|<script>document/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(textOf(hostileServer())).toContain('promoted by <img src=x onerror="document.title=1"> (#41)');
  });

  it("allows itself nothing but its own style and script", () => {
    const page = statusPage(servingFacts([modelFacts("m")]));
    const policy = statusPageHeaders["content-security-policy"]!;
    for (const [tag, directive] of [
      ["style", "style-src"],
      ["script", "script-src"],
    ]) {
      const content = new RegExp(`<${tag}>(.*)</${tag}>`, "s").exec(page)![1]!;
      const hash = createHash("sha256").update(content).digest("base64");
      expect(policy).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page).not.toMatch(/ (?:style|on\w+)="/);
    expect(page).not.toMatch(/(?:src|href)="https?:/);
  });

  it("says when it was, in full", () => {
    expect(textOf(servingFacts([]))).toContain(`As of ${now.toISOString().slice(0, 10)} 14:30 UTC`);
  });
});
