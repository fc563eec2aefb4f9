import { madeScratch, makeScratch, type Scratch } from "../../scratch.ts";

/** A model that is trained on the first quarter of 2001, written with comments and odd spacing that must survive. */
export const delaysYaml = `# yaml-language-server: $schema=../model.schema.json
name: delays
task: regression
owner: "@octo"
type:   linear       # quick to train
seed: 1
features:
  query: features.sql
  window: { start: 2001-01-01, end: 2001-04-01 }  # moved by mergeml
  key: id
  target: delay
  time: seen_at
  split: { by: key, test: 0.25, seed: 1 }
thresholds:
  primary: rmse
  first_deploy: { rmse: { max: 100 } }
  min_test_rows: 1
drift: { window: 7d, min_rows: 50, on_drift: pull-request, persist: 1 of 1 }
retrain: { window: sliding }
`;

export const delaysSql =
  "SELECT id, seen_at, distance, weekday, delay FROM 'delays.csv' WHERE seen_at >= $start AND seen_at < $end\n";

/** An observation an hour; from April on distances are longer and every kilometre costs more. */
export function delaysCsv(days = 203): string {
  const lines = Array.from({ length: days * 24 }, (_, i) => {
    const at = new Date(Date.UTC(2001, 0, 1) + i * 3_600_000);
    const isLate = at.getUTCMonth() >= 3;
    const distance = ((i * 37) % 101) + (isLate ? 60 : 0);
    const noise = ((i * 7919) % 97) / 10;
    const delay = (isLate ? 0.9 : 0.3) * distance + 2 * (at.getUTCDay() % 2) + noise;
    return `${i},${at.toISOString().slice(0, 19)},${distance},${at.getUTCDay()},${delay.toFixed(2)}`;
  });
  return ["id,seen_at,distance,weekday,delay", ...lines, ""].join("\n");
}

/** A repository whose model `delays` is in production, v1. */
export const deployedDelays = (): Promise<Scratch> =>
  madeScratch("delays", () => makeScratch({ model: false }), deployDelays);

async function deployDelays(scratch: Scratch): Promise<void> {
  scratch.write("models/delays/model.yaml", delaysYaml);
  scratch.write("models/delays/features.sql", delaysSql);
  scratch.write("data/delays.csv", delaysCsv());
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add a model");
  scratch.git("push", "-q");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "delays"]);
}
