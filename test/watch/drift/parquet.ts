import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession } from "../../../pipelines/data/engines/tables.ts";

/** A scratch directory for Parquet files. */
export interface ParquetFolder extends Disposable {
  path: string;
  /** Writes the rows of a query as a Parquet file and gives its path. What is random depends on the length of the name only. */
  write(name: string, query: string): Promise<string>;
}

export function parquetFolder(): ParquetFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "mergeml-drift-")));
  return {
    path,
    async write(name, query) {
      const file = join(path, name);
      using session = await openSession({ readable: [], writable: [file], threads: 1 });
      await session.run(`SELECT setseed(${(name.length % 17) / 17})`);
      await session.run(`COPY (${query}) TO '${file}' (FORMAT parquet)`);
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
