/** What mergeml was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether this is a job of a CI service: its repository may hold what a stranger wrote, and its machine is gone afterwards. */
export function isCi({ CI }: Environment): boolean {
  return CI !== undefined && CI !== "" && CI !== "false" && CI !== "0";
}
