import { EnvironmentError } from "../../errors/environment-error.ts";

/** Why a server did not do what it was asked. */
export interface ServerAnswerFacts {
  /** null when no answer came. */
  status: number | null;
  /** The server's own word for it, e.g. `AccessDenied`. */
  code: string | null;
}

/** A server of objects refused, failed or did not answer. */
export class ServerError extends EnvironmentError {
  readonly facts: ServerAnswerFacts;

  constructor(message: string, tried: string, facts: ServerAnswerFacts, options?: ErrorOptions) {
    super(
      message,
      { tried, safe: "what is there is whole: nothing becomes visible before all of it has arrived" },
      options,
    );
    this.name = "ServerError";
    this.facts = facts;
  }
}

/** Whether a server wants other credentials than it got, or any. */
export function isRefusal(error: unknown): error is ServerError {
  return error instanceof ServerError && (error.facts.status === 401 || error.facts.status === 403);
}
