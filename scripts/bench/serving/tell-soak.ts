import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { type MalformedRequest, malformedRequest } from "../../../test/serving/malformed-requests.ts";
import { machine, tellSection } from "../page.ts";
import { asBinary, asTensors, byName, diamondRows, type Request, servingStage } from "./stage.ts";
import { deliver, residentMebibytes, secret, switcher } from "./tell-swaps.ts";

/** Requests of each kind in a tenth of a second. */
const eachTick = { single: 20, batch: 1, malformed: 2 };
const [tick, sample, swap] = [100, 30_000, 60_000];

/** What the server answered to requests that are right, and to those that are not. */
interface Tally {
  rows: number;
  answered: number;
  failed: number;
  refused: number;
  /** Malformed ones that were answered by 5xx, or not at all. */
  wrong: number;
}

/** Minutes of single rows, batches, malformed bodies and a swap a minute at a moderate rate, and the server's memory as they go. */
export async function tellSoak(minutes: number): Promise<void> {
  using stage = await servingStage({ versions: 2 });
  await using server = await stage.serve({ env: { MERGEML_WEBHOOK_SECRET: secret }, logged: true });
  const tally: Tally = { rows: 0, answered: 0, failed: 0, refused: 0, wrong: 0 };
  const memory: number[] = [];
  const next = switcher(stage);
  const send = sender(server.url, tally);
  const started = performance.now();
  const end = started + minutes * 60_000;
  let [nextSample, nextSwap, turn, swaps] = [started + sample, started + swap, 0, 0];
  const open = new Set<Promise<void>>();
  while (performance.now() < end) {
    for (const sent of send(turn++)) {
      const done: Promise<void> = sent.finally(() => open.delete(done));
      open.add(done);
    }
    const now = performance.now();
    if (now >= nextSwap) {
      nextSwap += swap;
      swaps += 1;
      next();
      await deliver(server.url);
    }
    if (now >= nextSample) {
      nextSample += sample;
      memory.push(await residentMebibytes(server.url));
      process.stdout.write(
        `${((now - started) / 60_000).toFixed(1)} min ${memory.at(-1)!.toFixed(0)} MiB ${JSON.stringify(tally)}\n`,
      );
    }
    // A server that is behind is not sent more and more.
    while (open.size > 400) await Promise.race(open);
    await sleep(Math.max(0, started + turn * tick - performance.now()));
  }
  await Promise.all(open);
  tellSection("Serving: memory over half an hour", told({ minutes, swaps, memory, tally }));
}

/** Gives the requests of one tick. */
function sender(url: string, tally: Tally): (turn: number) => Promise<void>[] {
  const { columns, rows } = diamondRows(1000);
  const batches = [byName, asTensors, asBinary].map((body) => body(columns, rows));
  const singles = rows.map((row) => byName(columns, [row]));
  const malformed = fc
    .sample(malformedRequest, 2000)
    .map((request) => ({ ...request, path: request.path.replace("/rent/", "/diamond-price/") }));
  let at = 0;
  const right = async (request: Request, count: number) => {
    const status = await statusOf(url, request);
    if (status === 200) tally.answered += 1;
    else tally.failed += 1;
    tally.rows += count;
  };
  const wrong = async (request: MalformedRequest) => {
    const status = await statusOf(url, request);
    if (status === null || status >= 500) tally.wrong += 1;
    else tally.refused += 1;
  };
  return (turn) => {
    at += 1;
    return [
      ...Array.from({ length: eachTick.single }, (_, each) =>
        right(singles[(at * eachTick.single + each) % singles.length]!, 1),
      ),
      ...Array.from({ length: eachTick.batch }, () => right(batches[turn % batches.length]!, rows.length)),
      ...Array.from({ length: eachTick.malformed }, (_, each) =>
        wrong(malformed[(at * eachTick.malformed + each) % malformed.length]!),
      ),
    ];
  };
}

async function statusOf(url: string, { path, headers = {}, body }: Request | MalformedRequest): Promise<number | null> {
  try {
    const type = { "content-type": "application/json", ...headers };
    const response = await fetch(`${url}${path}`, { method: "POST", headers: type, body: body as string });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

function told({
  minutes,
  swaps,
  memory,
  tally,
}: {
  minutes: number;
  swaps: number;
  memory: readonly number[];
  tally: Tally;
}): string {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!.toFixed(0);
  // A file of the log that is being written shows for a second; what stays is what grows.
  const sixths = [0, 1, 2, 3, 4, 5].map((part) =>
    median(memory.slice(Math.floor((part * memory.length) / 6), Math.ceil(((part + 1) * memory.length) / 6))),
  );
  const highest = Math.max(...memory).toFixed(0);
  return [
    `\`npm run bench:serving -- soak ${minutes} --write\`: single rows, batches of 1,000 in three formats and malformed bodies for ${minutes} minutes, a swap a minute (${swaps}), the prediction log on.`,
    `**${tally.failed} failed** of ${tally.answered + tally.failed} requests with ${tally.rows} rows; of ${tally.refused + tally.wrong} malformed ones ${tally.wrong} were answered by 5xx or not at all.`,
    `Resident memory, ${memory.length} samples: medians of the sixths ${sixths.join(", ")} MiB, highest ${highest} MiB.\n\n${machine()} Load of the machine at the end: ${loadavg()[1]!.toFixed(0)}.`,
  ].join(" ");
}
