import { EnvironmentError } from "../errors/environment-error.ts";

/** What kind of failure it was, for those who can mend it by themselves. */
export interface FailureFacts {
  /** HTTP status; null when there was no whole answer. */
  status: number | null;
  /** MLflow's own, e.g. RESOURCE_ALREADY_EXISTS. */
  code: string | null;
  /** The request may have been carried out although no answer said so. */
  unclear: boolean;
}

/** A request to the MLflow server failed. The mirror is behind; the registry branch is not concerned. */
export class MlflowError extends EnvironmentError {
  readonly facts: FailureFacts;

  constructor(message: string, tried: string, facts: FailureFacts, options?: ErrorOptions) {
    const safe = "The registry branch has the truth and is as it was. To repair the mirror: mergeml mlflow sync";
    super(message, { tried, safe }, options);
    this.name = "MlflowError";
    this.facts = facts;
  }
}

/** Whether it is this answer of MLflow. */
export function isMlflowCode(error: unknown, code: string): boolean {
  return error instanceof MlflowError && error.facts.code === code;
}
