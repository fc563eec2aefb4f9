import { writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type RunningHash, startHash } from "../running-hash.ts";

/**
 * A file that takes bytes in their order, each hashed from the same memory as it is written from: what is hashed is what was
 * received, and nothing is read again.
 */
export interface HashedFile extends AsyncDisposable {
  /** Bytes that it has taken. */
  readonly taken: number;
  /** Memory for the next bytes, as long as it is; null while disk and hash are behind. */
  room(): Uint8Array | null;
  /** Takes the first bytes of `room()`, which were filled. */
  take(bytes: number): void;
  /** Resolves when there is room. Throws what the disk says. */
  hasRoom(): Promise<void>;
  /** Copies bytes that lie elsewhere. */
  append(bytes: Uint8Array): Promise<void>;
  /** Empties it. */
  restart(): Promise<void>;
  /** Waits for all to be written and gives its `sha256:…`. */
  finish(): Promise<string>;
}

/** Memory that is filled and hashed at once: enough for both to have something to do. */
const [slabBytes, mostSlabs] = [512 * 1024, 8];
/**
 * Bytes that are written at once, by the thread that received them: they are in its processor's cache. Other threads take twice the
 * processor time for it, and wait for each other at the file's lock. It waits as long as a copy of so many bytes takes.
 */
const writeBytes = 128 * 1024;

/** Makes a file for about so many bytes, or empties it. */
export async function openHashedFile(path: string, bytes: number): Promise<HashedFile> {
  return new SlabbedFile(await open(path, "w"), startHash(bytes));
}

class SlabbedFile implements HashedFile {
  taken = 0;
  readonly #file: FileHandle;
  readonly #hash: RunningHash;
  readonly #free: Uint8Array[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #slabs = 0;
  #slab: Uint8Array | null = null;
  #filled = 0;
  /** Of the slab. */
  #written = 0;
  #failed: { error: unknown } | null = null;

  constructor(file: FileHandle, hash: RunningHash) {
    this.#file = file;
    this.#hash = hash;
  }

  room(): Uint8Array | null {
    if (this.#failed) return null;
    this.#slab ??= this.#free.pop() ?? this.#newSlab();
    return this.#slab?.subarray(this.#filled) ?? null;
  }

  take(bytes: number): void {
    this.#filled += bytes;
    this.taken += bytes;
    const isFull = this.#filled === this.#slab?.length;
    if (isFull || this.#filled - this.#written >= writeBytes) this.#write();
    if (isFull) this.#flush();
  }

  async hasRoom(): Promise<void> {
    while (this.room() === null) {
      if (this.#failed) throw this.#failed.error;
      await Promise.race(this.#underWay);
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      await this.hasRoom();
      const room = this.room()!;
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      this.take(part.length);
      at += part.length;
    }
  }

  async restart(): Promise<void> {
    await this.#idle();
    [this.taken, this.#filled, this.#written] = [0, 0, 0];
    await this.#hash.restart();
    await this.#file.truncate();
  }

  async finish(): Promise<string> {
    this.#write();
    this.#flush();
    await this.#idle();
    return this.#hash.digest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#underWay);
    await this.#hash[Symbol.asyncDispose]();
    await this.#file.close();
  }

  #newSlab(): Uint8Array | null {
    if (this.#slabs === mostSlabs) return null;
    this.#slabs += 1;
    return new Uint8Array(new SharedArrayBuffer(slabBytes));
  }

  #write(): void {
    try {
      for (const end = this.#filled; this.#slab && this.#written < end; ) {
        const position = this.taken - end + this.#written;
        this.#written += writeSync(this.#file.fd, this.#slab, this.#written, end - this.#written, position);
      }
    } catch (error) {
      this.#failed ??= { error };
    }
  }

  #flush(): void {
    const [slab, filled] = [this.#slab, this.#filled];
    if (slab === null || filled === 0) return;
    [this.#slab, this.#filled, this.#written] = [null, 0, 0];
    const work: Promise<void> = this.#hash
      .update(slab.subarray(0, filled))
      .catch((error: unknown) => void (this.#failed ??= { error }))
      .finally(() => {
        this.#free.push(slab);
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failed) throw this.#failed.error;
  }
}
