import { markdownTable } from "markdown-table";

/** One line of the table: what we took beside what a peer took for the same, and what is wanted. */
export interface Row {
  measure: string;
  ours: string;
  /** Empty where nothing else does the same. */
  peer?: string;
  /** Ours by the peer's. */
  ratio?: number;
  goal: string;
  met: boolean | null;
}

/** Ours and a peer's time for the same, and how many times the peer's ours may take. */
export function besidePeer(
  measure: string,
  unit: "s" | "CPU s",
  ours: number,
  peer: { name: string; value: number },
  most: number | null,
): Row {
  const ratio = ours / peer.value;
  return {
    measure,
    ours: `${ours.toFixed(2)} ${unit}`,
    peer: `${peer.name} ${peer.value.toFixed(2)} ${unit}`,
    ratio,
    goal: most === null ? "–" : `≤ ${most} ×`,
    met: most === null ? null : ratio <= most,
  };
}

/** Ours alone, with a limit in each of some units. */
export function alone(measure: string, found: readonly { value: number; unit: string; most?: number }[]): Row {
  const digits = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
  const limits = found.filter((each) => each.most !== undefined);
  return {
    measure,
    ours: found.map(({ value, unit }) => `${digits(value)} ${unit}`).join(", "),
    goal: limits.map(({ most, unit }) => `≤ ${most} ${unit}`).join(", ") || "–",
    met: limits.length === 0 ? null : limits.every(({ value, most }) => value <= most!),
  };
}

/** measure | ours | peer | ratio | goal, with what is not met in bold. */
export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map(({ measure, ours, peer = "–", ratio, goal, met }) => [
    measure,
    ours,
    peer,
    ratio === undefined ? "–" : ratio.toFixed(2),
    met === false ? `**${goal}**` : goal,
  ]);
  return markdownTable([["measure", "ours", "peer", "ratio", "goal"], ...cells], { align: ["l", "r", "r", "r", "r"] });
}

export function tellRow({ measure, ours, peer, ratio, goal, met }: Row): void {
  const beside = peer === undefined ? "" : `; ${peer}; ${ratio?.toFixed(2)}`;
  process.stdout.write(`${measure}: ${ours}${beside} (goal ${goal}${met === false ? ", missed" : ""})\n`);
}
