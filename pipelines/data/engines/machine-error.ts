import { EnvironmentError } from "../../errors/expected-error.ts";
import type { Dialect } from "./session.ts";

/** The machine ran out of memory or its disk failed; null when the statement itself is at fault. */
export function machineErrorIn(dialect: Dialect, error: unknown, tried: string): EnvironmentError | null {
  const found = dialect.failure(error);
  if (found?.cause !== "memory" && found?.cause !== "disk") return null;
  const [message = ""] = found.message.split("\n");
  const raise = "; raise resources.memory_gb in model.yaml if the machine has more";
  const safe = `nothing was stored${found.cause === "memory" ? raise : ""}`;
  return new EnvironmentError(message, { tried, safe }, { cause: error });
}
