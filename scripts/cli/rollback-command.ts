/** The command that takes a model's last move in an environment back. */
export function rollbackCommand(model: string, environment: string): string {
  return `mergeml rollback ${model}${environment === "production" ? "" : ` --environment ${environment}`}`;
}
