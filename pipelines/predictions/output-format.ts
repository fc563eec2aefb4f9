import { UserError } from "../errors/user-error.ts";

/** How DuckDB writes a file of one ending. */
export interface OutputFormat {
  /** Ending, with what compresses it: `.csv.gz`. */
  ending: string;
  /** Arguments of COPY. */
  copy: string;
  /** JSON has no word for NaN and infinity. */
  finite: boolean;
}

const formats: Readonly<Record<string, Omit<OutputFormat, "ending">>> = {
  ".parquet": { copy: "FORMAT parquet, COMPRESSION zstd", finite: false },
  ".csv": { copy: "FORMAT csv, HEADER", finite: false },
  ".tsv": { copy: "FORMAT csv, HEADER, DELIMITER '\t'", finite: false },
  ".json": { copy: "FORMAT json, ARRAY true", finite: true },
  ".jsonl": { copy: "FORMAT json", finite: true },
  ".ndjson": { copy: "FORMAT json", finite: true },
};

/** The format that a file's ending asks for; texts may be compressed. Throws UserError for any other ending. */
export function outputFormat(option: string, path: string): OutputFormat {
  const [ending = "", plain = "", gz] = /(\.[a-z0-9]+)(\.gz)?$/i.exec(path) ?? [];
  const format = formats[plain.toLowerCase()];
  if (format && gz === undefined) return { ...format, ending };
  if (format && plain.toLowerCase() !== ".parquet")
    return { ...format, ending, copy: `${format.copy}, COMPRESSION gzip` };
  const list = Object.keys(formats).join(", ");
  const message = `${option} ${path} has no ending that says how to write it`;
  throw new UserError({ message, hint: `end the name with one of ${list}; texts may have .gz behind it` });
}

/** `out/a.csv` → `out/a.rejected.csv`: rows that were refused are kept in the same format. */
export function rejectedPath(path: string, { ending }: OutputFormat): string {
  return `${path.slice(0, -ending.length)}.rejected${ending}`;
}
