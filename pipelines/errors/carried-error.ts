import { EnvironmentError, expectedFailure, type Problem, UserError } from "./expected-error.ts";

/** An error as plain data, to be thrown again in another process as what it was. */
export type CarriedError = { message: string; stack: string } & (
  | { kind: "user"; problems: readonly Problem[] }
  | { kind: "environment"; tried: string; safe: string }
  | { kind: "bug" }
);

export function carryError(thrown: unknown): CarriedError {
  const error = expectedFailure(thrown) ?? thrown; // its code does not travel
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UserError) return { kind: "user", message, stack, problems: error.problems };
  if (!(error instanceof EnvironmentError)) return { kind: "bug", message, stack };
  return { kind: "environment", message, stack, tried: error.tried, safe: error.safe };
}

/** The error to throw; where it was thrown first is its cause. */
export function carriedError(carried: CarriedError): Error {
  const { message, stack } = carried;
  const cause = Object.assign(new Error(message), { stack });
  if (carried.kind === "user") return new UserError(carried.problems, { cause });
  if (carried.kind === "environment") return new EnvironmentError(message, carried, { cause });
  return new Error(message, { cause });
}
