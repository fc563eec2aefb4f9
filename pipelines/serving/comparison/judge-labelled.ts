import type { Session } from "../../data/engines/session.ts";
import { labelsUntil, type WindowJob } from "../../watch/window/drift-window.ts";
import type { ChallengerComparison } from "./arm-facts.ts";
import { comparePaired, compareSplit, outcomeOf } from "./compare-arms.ts";
import { fillLabels, labelledFiles, outcomesIn, writeLabelled } from "./label-arms.ts";
import type { ArmTable } from "./read-arms.ts";

interface Arms {
  production: ArmTable;
  tried: ArmTable;
  /** The table `pairs` has what both said of the same rows. */
  paired: boolean;
}

interface JudgedArms extends Pick<ChallengerComparison, "judged" | "metrics" | "outcome" | "needed"> {
  labelled: { production: number; challenger: number };
}

/** Fewer labelled rows decide nothing, where a record does not say how many. */
const fewestRows = 30;

/** Joins the sides with the labels of a query, and compares their metrics at the gate's confidence. */
export async function judgeLabelled(
  session: Session,
  job: WindowJob,
  { production, tried, paired }: Arms,
  query: string,
): Promise<JudgedArms> {
  await fillLabels(session, query);
  const files = labelledFiles(job.staging);
  const { seed, thresholds } = job.record.candidate.config;
  const classes = Math.max(production.record.candidate.classes.length, tried.record.candidate.classes.length);
  const write = (table: keyof typeof files) =>
    writeLabelled(session, table, { file: files[table], until: labelsUntil(job), classes, seed });
  const own = { production: await write("production_rows"), challenger: await write("challenger_rows") };
  const labelled = { production: own.production.found, challenger: own.challenger.found };
  const both = paired ? await write("pairs") : null;
  const judged = both
    ? { production: both.written, challenger: both.written }
    : { production: own.production.written, challenger: own.challenger.written };
  const fewest = Math.min(judged.production, judged.challenger);
  const least = thresholds.min_test_rows ?? fewestRows;
  if (fewest < least)
    return { labelled, judged, metrics: [], outcome: fewest === 0 ? "no labels" : "too few labels", needed: least };
  const plan = { primary: thresholds.primary, confidence: thresholds.retrain.confidence, seed };
  const outcomes = (table: keyof typeof files, arm: ArmTable, prefix: "c" | "p") =>
    outcomesIn(files[table], arm, prefix);
  const [ours, theirs] = paired
    ? [await outcomes("pairs", tried, "c"), await outcomes("pairs", production, "p")]
    : [await outcomes("challenger_rows", tried, "p"), await outcomes("production_rows", production, "p")];
  const metrics = paired
    ? comparePaired(ours.target, { challenger: ours.predictions, production: theirs.predictions }, plan)
    : compareSplit(ours, theirs, plan);
  const [primary] = metrics;
  return {
    labelled,
    judged,
    metrics,
    ...(primary ? outcomeOf(primary, fewest) : { outcome: "undecided", needed: null }),
  };
}
