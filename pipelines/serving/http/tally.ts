/** Counts of what the facts do not have. */
export interface Tally {
  /** Requests that were answered with an error, by its status. */
  refused: ReadonlyMap<number, number>;
  /** Changes of what is in service, by model: those that were done, and attempts that failed. */
  changes: ReadonlyMap<string, { done: number; failed: number }>;
  refuse(status: number): void;
  change(model: string, failed: boolean): void;
}

export function openTally(): Tally {
  const refused = new Map<number, number>();
  const changes = new Map<string, { done: number; failed: number }>();
  return {
    refused,
    changes,
    refuse: (status) => void refused.set(status, (refused.get(status) ?? 0) + 1),
    change(model, failed) {
      const { done, failed: before } = changes.get(model) ?? { done: 0, failed: 0 };
      changes.set(model, failed ? { done, failed: before + 1 } : { done: done + 1, failed: before });
    },
  };
}
