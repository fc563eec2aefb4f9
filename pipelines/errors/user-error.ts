/** A place in a file the user wrote. Lines and columns count from 1; `length` is the number of characters to underline. */
export interface SourceLocation {
  file: string;
  line: number;
  column: number;
  length?: number;
  /** The text of the line, so that an error can show it without reading the file again. */
  lineText?: string;
}

/** One thing the user can mend: what is wrong, where, and how to mend it. */
export interface Problem {
  message: string;
  hint?: string;
  where?: SourceLocation;
  /** Dotted path of the key in model.yaml, e.g. `params.trees`. */
  key?: string;
  severity?: "error" | "warning";
  /** The job lacks a secret, and nothing is wrong with what the user wrote: a maintainer's job has it. */
  lacks?: "credential";
}

/** The user's input is wrong. Shown without a stack; the command exits with 2. Carries every problem found, not the first. */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(problem: Problem | readonly Problem[], options?: ErrorOptions) {
    const problems = Array.isArray(problem) ? (problem as readonly Problem[]) : [problem as Problem];
    super(problems.map((each) => each.message).join("\n"), options);
    this.name = "UserError";
    this.problems = problems;
  }
}
