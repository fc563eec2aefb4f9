import { cpSync, existsSync, mkdtempSync, realpathSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const variable = "MERGEML_TEST_TEMPLATES";

/** Vitest's global setup: a folder for what tests start from, removed after the run. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-templates-"));
  process.env[variable] = folder; // the processes that tests run in inherit it
  process.env.NODE_COMPILE_CACHE ??= join(folder, "compiled"); // and those that these start are quicker to start
  return () => rmSync(folder, { recursive: true, force: true });
}

/** A new folder in the system's temporary one. */
export function scratchFolder(name: string): string {
  return realpathSync(mkdtempSync(join(tmpdir(), `mergeml-${name}-`)));
}

/**
 * A new folder with what `build` puts into one. It is built once a run and copied from then on: a deploy takes a second, a copy
 * takes none. `key` names all that the content depends on, and the content must not know where it is.
 */
export function fromTemplate(key: string, build: (folder: string) => void): string {
  const ready = templateOf(key);
  if (ready !== null && existsSync(ready)) return copyOf(ready, key);
  const made = scratchFolder(key);
  build(made);
  if (ready !== null) keep(made, ready);
  return made;
}

const building = new Map<string, Promise<unknown>>();

/** The same where building takes its time. */
export async function fromSlowTemplate(key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const ready = templateOf(key);
  await building.get(key);
  if (ready !== null && existsSync(ready)) return copyOf(ready, key);
  const made = scratchFolder(key);
  const built = build(made).then(() => (ready !== null ? keep(made, ready) : undefined));
  building.set(
    key,
    built.catch(() => undefined),
  );
  await built;
  return made;
}

/** null where no run has made the folder: then everything is built. */
function templateOf(key: string): string | null {
  const folder = process.env[variable];
  return folder === undefined ? null : join(folder, key);
}

function copyOf(template: string, key: string): string {
  const folder = scratchFolder(key);
  copy(template, folder);
  return folder;
}

/** Aside first: another process may be making the same, and the first one there wins. */
function keep(made: string, ready: string): void {
  const aside = mkdtempSync(`${ready}-`);
  copy(made, aside);
  try {
    renameSync(aside, ready);
  } catch {
    rmSync(aside, { recursive: true, force: true });
  }
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}
