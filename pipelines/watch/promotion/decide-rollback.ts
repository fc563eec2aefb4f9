import type { Standing } from "../../registry/standing.ts";
import { type Evidence, isBroken, type MeasuredFinding } from "./evidence.ts";
import { brokenWords, findingSentence } from "./finding-words.ts";

/** What is to be done about a version on live data, with a sentence why. */
export type RollbackDecision =
  | {
      action: "roll back";
      from: number;
      to: number;
      /** The commit to revert. */
      promotion: string;
      why: string;
      broken: readonly MeasuredFinding[];
    }
  /** It breaks its limits and stays: a person must decide. */
  | { action: "held"; version: number; why: string; broken: readonly MeasuredFinding[] }
  /** `sound`: every condition was measured and is kept. */
  | { action: "nothing"; sound: boolean; why: string };

/** What live data says of a promotion, and what is to be done about it. Plain JSON. */
export interface RollbackJudgement {
  evidence: Evidence;
  decision: RollbackDecision;
}

/**
 * Whether what live data says of a version takes its promotion back. It never promotes, and never goes back twice: only a
 * version that a deploy or a person newly promoted is taken back, and only to one that was not taken back so before. What
 * came by a rollback, what a person put back on purpose, and the first that there ever was are left to people.
 */
export function decideRollback(evidence: Evidence, standing: Standing | null): RollbackDecision {
  const { model, version, promotion, findings } = evidence;
  if (standing === null)
    return { action: "nothing", sound: false, why: `nothing of ${model} is in production any more` };
  if (standing.version !== version || standing.promotion !== promotion) {
    const why = `production of ${model} has changed since v${version} was judged: v${standing.version} is there, by ${standing.by}`;
    return { action: "nothing", sound: false, why };
  }
  const broken = findings.filter(isBroken);
  if (broken.length === 0) return { action: "nothing", ...unbroken(evidence) };
  const obstacle = obstacleTo(standing);
  const words = `v${version} breaks ${brokenWords(broken)}`;
  if (typeof obstacle === "string") return { action: "held", version, broken, why: `${words}, but ${obstacle}` };
  const why = `${words}; v${obstacle.to} was there before`;
  return { action: "roll back", from: version, to: obstacle.to, promotion, broken, why };
}

/** Why a person must decide, or where to go back to. */
function obstacleTo({ arrival, by, previous }: Standing): string | { to: number } {
  if (arrival === "rolled back to")
    return "it came back by a rollback: nothing is rolled back again until somebody promotes a version";
  if (arrival === "put back") return `${by} put it back on purpose after it had been in production before`;
  if (previous === null) return "nothing was in production before it: without it nothing would be";
  if (previous.failed)
    return `v${previous.version}, which was there before it, was itself rolled back automatically once`;
  return { to: previous.version };
}

function unbroken({ version, findings }: Evidence): { sound: boolean; why: string } {
  const open = findings.filter(({ state }) => state !== "measured");
  if (open.length === 0) return { sound: true, why: `v${version} keeps its limits` };
  return { sound: false, why: `nothing speaks against v${version}; ${open.map(findingSentence).join("; ")}` };
}
