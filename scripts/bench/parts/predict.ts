import { globSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../../pipelines/data/engines/tables.ts";
import { makeEnvironment, python } from "../../../test/peers/virtual-environment.ts";
import { measure } from "../measure.ts";
import { alone, besidePeer, type Row } from "../row.ts";
import { inScratch, product } from "./stage.ts";

const query = (file: string) => `SELECT date AS departed_at, CAST(distance AS DOUBLE) AS distance, hour(date) AS hour,
  minute(date) AS minute, dayofweek(date) AS day_of_week, dayofyear(date) AS day_of_year, origin, destination FROM '${file}'`;

/** Three million flights scored from file to file. */
export async function predictionRows(add: (row: Row) => void): Promise<void> {
  await makeEnvironment("peers");
  await inScratch(async (run, { repository }) => {
    run("init");
    run("run", "flight-delay");
    const [input, output] = [join(repository, "next.parquet"), join(repository, "scored.parquet")];
    const flights = join(repository, "data/flights-3m.parquet");
    {
      using session = await openSession({ readable: [join(repository, "data")], writable: [input] });
      await session.run(`COPY (${query(flights)}) TO '${input}' (FORMAT parquet, COMPRESSION zstd)`);
    }
    const ours = run("predict", "flight-delay", "--input", input, "--output", output, "--force");
    const [model = ""] = globSync(join(repository, ".mergeml/candidates/flight-delay/*/model.onnx"));
    const peer = measure(
      python,
      [join(product, "scripts/bench/peers/predict_onnx.py"), model, input, output],
      repository,
    );
    const what = "`predict`, 3,000,000 rows";
    add(besidePeer(what, "s", ours.seconds, { name: "onnxruntime + pyarrow", value: peer.seconds }, null));
    add(
      alone(what, [
        { value: ours.seconds, unit: "s", most: 8 },
        { value: ours.mebibytes, unit: "MiB", most: 400 },
      ]),
    );
  });
}
