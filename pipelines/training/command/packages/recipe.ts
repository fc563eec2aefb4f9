import type { LockFile } from "../../../config/lock-file/lock-kind.ts";

/** What one makes an environment with, and from. */
export interface Making {
  lock: LockFile;
  /** A folder with copies of the files of the lock, and of the program where an image is built. */
  folder: string;
  /** Of mergeml. */
  env: Readonly<Record<string, string | undefined>>;
  /** Hashes of the files in the folder, by path. */
  files: Readonly<Record<string, string>>;
}

/** What a program finds of its environment. */
export interface Equipment {
  /** Folders that come first in PATH. */
  path: readonly string[];
  variables: Readonly<Record<string, string>>;
  /** The image that it runs in, and the program that runs images. */
  image?: { name: string; runner: string };
}

/** A command that makes an environment, or a part of it. */
export interface MakingCommand {
  command: readonly [string, ...string[]];
  variables?: Readonly<Record<string, string>>;
  /** It asks a server on this machine to do the work, by rights that nothing else gets. */
  byServer?: true;
  /** It runs nothing that a lock names, so it may see what the user sees. */
  ours?: true;
}

/** How an environment of one kind is made here, in a folder that stays where it is. */
export interface Recipe {
  /** What of this machine decides what is made, e.g. the interpreter's version: part of its key, and of the model's record. */
  facts: Readonly<Record<string, string>>;
  /** What else belongs to its key; it says nothing to people. */
  machine: readonly string[];
  /** To be run one after another in `folder`, which has the files of the lock. */
  commands(folder: string, key: string): readonly MakingCommand[];
  equipment(folder: string, key: string): Equipment;
  /** Whether what was made is still of use: an interpreter may be gone, or an image. */
  isUsable(folder: string, key: string): Promise<boolean>;
}
