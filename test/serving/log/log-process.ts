import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import { openPredictionLog } from "../../../pipelines/serving/log/prediction-log.ts";
import { answered, batchOf, servedModel } from "../builders.ts";

/** A server's log that is given rows without end, until the process is killed; tells what it kept, line by line. */
const [folder = "", writer = ""] = process.argv.slice(2);
const log = openPredictionLog({
  folder,
  owner: { host: "here", pid: process.pid, writer },
  settingsOf: () => ({ sample: 1, redact: [] }),
  outbox: null,
  clock: systemClock,
  log: silentLog,
  limits: { file: 400_000, held: 4_000_000 },
});
const model = servedModel(3);
const rows = 500;
const values = Float64Array.from({ length: rows }, (_, at) => Math.sin(at));
const texts = Array.from(values, (each) => `city ${each}`);
const columns = [
  { name: "size", kind: "number" as const, values },
  { name: "city", kind: "category" as const, codes: new Int32Array(texts.length).map((_, at) => at), levels: texts },
];
let answers = 0;
setInterval(() => {
  for (let each = 0; each < 4; each++) log.onAnswered(answered(model, batchOf(rows, columns, texts)));
  answers += 4;
  process.stdout.write(`${JSON.stringify({ answers, ...log.facts() })}\n`);
}, 5);
