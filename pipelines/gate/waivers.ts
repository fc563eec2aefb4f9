import type { Waiver } from "../config/model-config.ts";
import type { GateCheck } from "./verdict.ts";

/** Checks with the reviewed exceptions applied, and a note on each exception that was not used. */
export interface Waived {
  checks: GateCheck[];
  notes: string[];
}

const never = "evaluation";

/** A failing check passes when a waiver names its id and `until` (inclusive, UTC) is not before `today`. `evaluation` is never waived. */
export function applyWaivers(checks: readonly GateCheck[], waivers: readonly Waiver[], today: string): Waived {
  const valid = waivers.filter(({ until }) => isDay(until) && until >= today);
  const waived = checks.map((check) => {
    const waiver = valid.find((each) => each.check === check.id);
    if (!waiver || check.outcome === "pass" || check.id === never) return check;
    return { ...check, outcome: "pass" as const, waived: { until: waiver.until, reason: waiver.reason } };
  });
  return { checks: waived, notes: waivers.flatMap((waiver) => noteOn(waiver, waived, today)) };
}

function noteOn({ check, until, reason }: Waiver, checks: readonly GateCheck[], today: string): string[] {
  const named = checks.filter(({ id }) => id === check);
  if (named.length === 0) return [`The waiver of ${check} matches no check of this verdict and did nothing.`];
  if (check === never)
    return [`The waiver of ${check} is not applied: missing numbers and a baseline that fails cannot be waived.`];
  if (!isDay(until)) return [`The waiver of ${check} is not applied: "${until}" is not a day such as 2026-12-31.`];
  if (until < today) {
    const used = named.some(({ outcome }) => outcome !== "pass") ? "is not applied" : "can be removed";
    return [`The waiver of ${check} expired on ${until} and ${used} (${reason}).`];
  }
  if (named.some(({ waived }) => waived)) return [`${check} is waived until ${until}: ${reason}`];
  return [`The waiver of ${check} is not needed: the check passes by itself.`];
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}
