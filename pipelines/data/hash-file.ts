import { open } from "node:fs/promises";
import { startHash } from "./running-hash.ts";

/** Bytes that are read at once, and hashed while the next are read. */
const pieceBytes = 4 * 1024 * 1024;

/** `sha256:…` of a file of any size. */
export async function hashFile(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  return await hashPieces(size, async (into, at) => (await file.read(into, 0, into.length, at)).bytesRead);
}

/** `sha256:…` of bytes in memory, of many by another thread: a server goes on answering meanwhile. */
export async function hashBytes(bytes: Uint8Array): Promise<string> {
  return hashPieces(bytes.length, (into, at) => {
    const piece = bytes.subarray(at, at + into.length);
    into.set(piece);
    return piece.length;
  });
}

/** Hashes what `fill` puts into the memory it is given, from a byte on, until that is nothing. */
async function hashPieces(
  size: number,
  fill: (into: Uint8Array, at: number) => number | Promise<number>,
): Promise<string> {
  await using hash = startHash(size);
  const length = Math.min(pieceBytes, size + 1); // one more shows that it has ended
  const memory = Array.from({ length: 2 }, () => new Uint8Array(new SharedArrayBuffer(length)));
  const hashed = memory.map(() => Promise.resolve());
  for (let [round, at] = [0, 0]; ; round = 1 - round) {
    await hashed[round];
    const filled = await fill(memory[round]!, at);
    if (filled === 0) return await hash.digest();
    hashed[round] = hash.update(memory[round]!.subarray(0, filled));
    at += filled;
  }
}
