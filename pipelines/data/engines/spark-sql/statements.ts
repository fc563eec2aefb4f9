/** What runs Spark SQL, one statement after the other. */
export interface SparkStatements {
  /** The rows of a statement, all of them; booleans, numbers, bigints for 64-bit integers, texts for all else. Throws StatementError. */
  rows(statement: string): Promise<Record<string, unknown>[]>;
  /** Stops what runs now. */
  interrupt(): void;
  close(): Promise<void>;
}
