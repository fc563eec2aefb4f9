import { describe, expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { tellPassingStore } from "../../pipelines/workspace/passing-store.ts";
import { memoryStore } from "../registry/builders.ts";

function said(env: Record<string, string>, durable: boolean, registered: boolean[]): string[] {
  const lines: string[] = [];
  const log = { ...silentLog, info: (message: string) => lines.push(message) };
  const store = { ...memoryStore(), title: "the folder store on this machine", durable };
  tellPassingStore(
    { env, log, store: store as never },
    registered.map((alreadyRegistered) => ({ alreadyRegistered })),
  );
  return lines;
}

describe("a job that deploys", () => {
  it("says once that its datasets end with it", () => {
    const lines = said({ CI: "true" }, false, [false, false, true]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^the train, test and prediction rows are in the folder store on this machine and end with/,
    );
  });

  it.each([
    { title: "on a laptop", env: {}, durable: false, registered: [false] },
    { title: "with a store that stays", env: { CI: "true" }, durable: true, registered: [false] },
    { title: "that registered nothing", env: { CI: "1" }, durable: false, registered: [true] },
  ])("$title says nothing", ({ env, durable, registered }) => {
    expect(said(env as Record<string, string>, durable, registered)).toEqual([]);
  });
});
