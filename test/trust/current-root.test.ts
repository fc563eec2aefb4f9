import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { currentRoot, type RootSource } from "../../pipelines/registry/trust/current-root.ts";
import { newestPart, readTrustedRoot } from "../../pipelines/registry/trust/trusted-root.ts";
import { scratchFolder } from "../templates.ts";
import { otherKey } from "./builders.ts";
import { startSigstore } from "./sigstore-services.ts";
import { startTuf, type TufRepository } from "./tuf-repository.ts";

const folder = scratchFolder("root");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;

const services = await startSigstore();
const [first, second] = [services.root, services.root.replace("rekor.example", "rekor.second.example")];
await services[Symbol.asyncDispose]();

/** A reader who has the repository's first root, and keeps what was read. */
function readerOf({ url, firstRoot }: TufRepository): { source: RootSource; read(): Promise<string> } {
  const cache = join(folder, String((made += 1)));
  writeFileSync(`${cache}.json`, firstRoot);
  const source = { mirror: `${url}/`, firstRoot: `${cache}.json` };
  return { source, read: () => currentRoot(cache, source) };
}

describe("a trusted root by TUF", () => {
  it("is what its makers publish, and follows it and their keys", async () => {
    await using tuf = await startTuf(first);
    const { read } = readerOf(tuf);
    const text = await read();
    expect(readTrustedRoot({ text, file: "root" }).tlogs[0]!.baseURL).toBe("https://rekor.example");
    expect(newestPart({ text, file: "root" })).toBe("2020-01-01");
    tuf.rotate();
    tuf.publish(second);
    expect(await read()).toContain("rekor.second.example");
    // Somebody who has been away since the first root comes along the same way.
    expect(await readerOf(tuf).read()).toContain("rekor.second.example");
  });

  it.each<{ what: string; change(tuf: TufRepository): void; says: RegExp }>([
    { what: "has expired", change: (tuf) => tuf.publish(second, { hours: -1 }), says: /expired/ },
    { what: "another signed", change: (tuf) => tuf.publish(second, { key: otherKey.privateKey }), says: /sign/ },
    { what: "is older than what was read", change: (tuf) => tuf.publish(second, { version: 1 }), says: /version/ },
    {
      what: "has keys that the ones before do not vouch for",
      change(tuf) {
        tuf.rotate({ without: "the old key" });
        tuf.publish(second);
      },
      says: /sign/,
    },
  ])("refuses one that $what, and what is there holds", async ({ change, says }) => {
    await using tuf = await startTuf(first);
    const { read } = readerOf(tuf);
    tuf.publish(first);
    await read();
    change(tuf);
    const refused = await read().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "EnvironmentError", message: expect.stringMatching(says) });
    expect((refused as Error).message).toMatch(/^Sigstore's trusted root could not be brought up to date: /);
  });

  it("off-line says where it looked, writes nothing, and needs to be told whom to trust first", async () => {
    const tuf = await startTuf(first);
    const { source, read } = readerOf(tuf);
    await tuf[Symbol.asyncDispose]();
    await expect(read()).rejects.toMatchObject({
      tried: `to read ${tuf.url}`,
      safe: expect.stringMatching(/holds as before/),
    });
    const cache = join(folder, "nobody");
    await expect(currentRoot(cache, { mirror: source.mirror })).rejects.toThrow(/which first root to trust http/);
    expect(existsSync(cache)).toBe(false);
  }, 60_000);
});
