import { open } from "node:fs/promises";
import { startHash } from "./running-hash.ts";

/** Bytes that are read at once, and hashed while the next are read. */
const chunkBytes = 4 * 1024 * 1024;

/** `sha256:…` of a file of any size. */
export async function hashFile(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  await using hash = startHash(size);
  const length = Math.min(chunkBytes, size + 1); // one more shows that it has ended
  const memory = Array.from({ length: 2 }, () => new Uint8Array(new SharedArrayBuffer(length)));
  const hashed = memory.map(() => Promise.resolve());
  for (let [round, at] = [0, 0]; ; round = 1 - round) {
    await hashed[round];
    const { bytesRead } = await file.read(memory[round]!, 0, length, at);
    if (bytesRead === 0) return await hash.digest();
    hashed[round] = hash.update(memory[round]!.subarray(0, bytesRead));
    at += bytesRead;
  }
}
