import { describe, expect, it } from "vitest";
import { openDriftNotes } from "../../../pipelines/serving/drift-notes.ts";
import type { LastCheck } from "../../../pipelines/watch/last-check.ts";
import { servedRegistry } from "../served-registry.ts";
import { servedVersion } from "./facts.ts";

describe("the page of a server", () => {
  it("tells a browser to ask for the token, and takes it as a password; callers send it as before", async () => {
    await using served = await servedRegistry();
    const { url } = await served.serve({ token: "wärter:1" });
    const ask = async (path: string, authorization?: string) => {
      const response = await fetch(`${url}${path}`, { headers: authorization ? { authorization } : {} });
      return { status: response.status, asks: response.headers.get("www-authenticate"), text: await response.text() };
    };
    const password = (text: string) => `Basic ${Buffer.from(`anybody:${text}`).toString("base64")}`;
    expect(await ask("/")).toMatchObject({ status: 401, asks: 'Basic realm="mergeml", charset="UTF-8"' });
    expect(await ask("/", password("wärter"))).toMatchObject({ status: 401 });
    expect(await ask("/v2/models/rent")).toMatchObject({ status: 401, asks: "Bearer" });
    const page = await ask("/", password("wärter:1"));
    expect(page.status).toBe(200);
    expect(page.text).toContain('<details class="model" id="model-rent" open>');
  });
});

describe("the last check of drift on the page", () => {
  const { record } = servedVersion("rent", 1);
  const window = { from: "2026-02-25T00:00:00.000Z", to: "2026-03-04T00:00:00.000Z" };
  const check: LastCheck = { outcome: "drift", persistent: "drift", window };

  it("is read once a minute, and never waited for", async () => {
    let now = Date.UTC(2026, 2, 4);
    const asked: number[] = [];
    const notes = openDriftNotes(
      {
        lastDrift: async ({ version }) => {
          asked.push(version);
          return check;
        },
      },
      { now: () => new Date(now) },
    );
    expect(notes.of(record)).toBeNull();
    await Promise.resolve();
    expect(notes.of(record)).toEqual(check);
    expect(asked).toEqual([1]);
    now += 60_000;
    expect(notes.of(record)).toEqual(check);
    expect(notes.of({ ...record, version: 2, digest: "another" })).toBeNull();
    expect(asked).toEqual([1, 1, 2]);
  });

  it("is not known where it cannot be read, or nobody keeps it", async () => {
    const clock = { now: () => new Date(0) };
    const broken = openDriftNotes({ lastDrift: () => Promise.reject(new Error("disk")) }, clock);
    expect(broken.of(record)).toBeNull();
    await Promise.resolve();
    expect(broken.of(record)).toBeNull();
    expect(openDriftNotes({}, clock).of(record)).toBeNull();
  });
});
