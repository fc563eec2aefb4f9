import type { Deployments } from "../../registry/standing.ts";
import type { RollbackJudgement } from "../promotion/decide-rollback.ts";

/** Something about a model's rollback that people must know while it is so. */
export type RollbackEvent =
  | { event: "rolled back"; version: number; to: number; commit: string; time: string; reason: string }
  | { event: "held"; version: number; judgement: RollbackJudgement };

/** How a model stands: what people must know now, and what became of the version in production. */
export interface RollbackSituation {
  model: string;
  production: number | null;
  /** Who put it there. */
  by: string | null;
  events: readonly RollbackEvent[];
  /** Live data says that the version in production keeps all its limits. */
  sound: boolean;
  /** End of the window that was judged, or else the last move of production; ISO UTC. */
  at: string;
}

/**
 * Reads it from the moves of production and from what live data says now. A rollback is told from the registry, so that a
 * run that died after its commit is made up for by the next one.
 */
export function rollbackSituation(
  model: string,
  { moves }: Pick<Deployments, "moves">,
  judgement: RollbackJudgement | null,
): RollbackSituation {
  const last = moves.at(-1);
  const events: RollbackEvent[] = [];
  if (last && last.automatic !== null && last.from !== null && last.to !== null) {
    const { from: version, to, commit, time, automatic: reason } = last;
    events.push({ event: "rolled back", version, to, commit, time, reason });
  }
  if (judgement?.decision.action === "held")
    events.push({ event: "held", version: judgement.decision.version, judgement });
  const sound = judgement?.decision.action === "nothing" && judgement.decision.sound;
  const at = judgement?.evidence.window.to ?? last?.time ?? "";
  return { model, production: last?.to ?? null, by: last?.by ?? null, events, sound, at };
}
