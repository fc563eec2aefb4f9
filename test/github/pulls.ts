interface Pull {
  number: number;
  head: { sha: string; repo: object };
  base: { repo: object };
  labels: { description: string | null }[];
}

/** What of a pull request the emulator cannot know: the commit that git really has, and the repository it comes from. */
export type Heads = ReadonlyMap<number, { sha: string; repository: string }>;

/** One pull request, or a list, with its true head; the emulator abbreviates repositories, GitHub does not. */
export function withHeads(body: string, heads: Heads, repository: object): string {
  const complete = (pull: Pull): Pull => {
    const head = heads.get(pull.number) ?? { sha: pull.head.sha };
    const from = "repository" in head ? { full_name: head.repository } : {};
    return {
      ...pull,
      labels: pull.labels.map((label) => ({ ...label, description: label.description ?? "" })),
      head: { ...pull.head, sha: head.sha, repo: { ...repository, ...from } },
      base: { ...pull.base, repo: repository },
    };
  };
  const answer = JSON.parse(body) as Pull | Pull[];
  if (Array.isArray(answer)) return JSON.stringify(answer.map(complete));
  return "number" in answer ? JSON.stringify(complete(answer)) : body;
}
