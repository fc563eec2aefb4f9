import type { ServedPair } from "./router.ts";
import type { ServedModel } from "./served-model.ts";
import type { LoadFailure } from "./serving-facts.ts";

/** What the server has for one name of the registry. */
export interface TableEntry {
  name: string;
  /** What answers; null when nothing does. */
  pair: ServedPair | null;
  /** Why there is nothing in production; null when there is. */
  undeployed: string | null;
  failures: readonly LoadFailure[];
}

/** The models that answer now. Reads never wait; a change is one assignment. */
export interface ModelTable {
  get(name: string): TableEntry | undefined;
  all(): readonly TableEntry[];
  /** Puts an entry in place of the one before, and frees the versions that no longer answer once their requests are done. */
  put(entry: TableEntry): void;
  /** Frees all. */
  clear(): Promise<void>;
}

/** `retireFailed` is told of a version that could not be freed. */
export function openModelTable(retireFailed: (model: ServedModel, error: unknown) => void): ModelTable {
  const entries = new Map<string, TableEntry>();
  const retiring = new Set<Promise<void>>();
  const retire = (model: ServedModel) => {
    const done: Promise<void> = model
      .retire()
      .catch((error: unknown) => retireFailed(model, error))
      .finally(() => retiring.delete(done));
    retiring.add(done);
  };
  return {
    get: (name) => entries.get(name),
    all: () => [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    put(entry) {
      const kept = new Set(modelsOf(entry));
      const before = modelsOf(entries.get(entry.name));
      entries.set(entry.name, entry);
      for (const model of before) if (!kept.has(model)) retire(model);
    },
    async clear() {
      for (const entry of entries.values()) for (const model of modelsOf(entry)) retire(model);
      entries.clear();
      await Promise.all(retiring);
    },
  };
}

/** The versions that an entry holds. */
function modelsOf(entry: TableEntry | undefined): ServedModel[] {
  if (!entry?.pair) return [];
  const { production, challenger } = entry.pair;
  return challenger ? [production, challenger.model] : [production];
}
