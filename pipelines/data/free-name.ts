/** Upper and lower case are the same to most readers of Parquet, so classes `a` and `A` need two names. */
export function freeName(name: string, taken: readonly string[]): string {
  return taken.some((each) => each.toLowerCase() === name.toLowerCase()) ? freeName(`${name}_`, taken) : name;
}
