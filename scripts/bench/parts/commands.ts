import { medianOf } from "../measure.ts";
import { alone, type Row } from "../row.ts";
import { inScratch } from "./stage.ts";

/** A model from nothing to production, and the answer when nothing changed. */
export async function commandRows(add: (row: Row) => void): Promise<void> {
  await inScratch((run) => {
    run("--help");
    const short = (...args: string[]) => medianOf(7, () => run(...args));
    add(alone("`mergeml --help`", [{ value: short("--help").seconds, unit: "s", most: 0.15 }]));
    run("init");
    const first = run("run", "diamond-price");
    add(alone("`run diamond-price`, from nothing to promoted", [{ value: first.seconds, unit: "s", most: 6 }]));
    const again = short("run", "diamond-price");
    add(alone("`run diamond-price` again, nothing changed", [{ value: again.seconds, unit: "s", most: 0.7 }]));
    const { seconds, mebibytes } = run("run", "flight-delay");
    add(
      alone("`run flight-delay`, 1,477,911 rows × 7 features", [
        { value: seconds, unit: "s", most: 40 },
        { value: mebibytes, unit: "MiB", most: 3072 },
      ]),
    );
  });
}
