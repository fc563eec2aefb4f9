import type { Git } from "./git.ts";

/** Who git says we are, and whether commits are to be signed. */
export interface Identity {
  /** `Name <address>`, as in a commit. */
  author: string;
  committer: string;
  /** The author's name alone. */
  name: string;
  sign: boolean;
}

/** Asks git, so that its configuration and environment decide as they do for any commit. Throws GitError when nobody is configured. */
export async function readIdentity(git: Pick<Git, "text">): Promise<Identity> {
  const [author, committer, sign] = await Promise.all([
    git.text(["var", "GIT_AUTHOR_IDENT"]),
    git.text(["var", "GIT_COMMITTER_IDENT"]),
    git.text(["config", "--type=bool", "--default=false", "--get", "commit.gpgSign"]),
  ]);
  const person = author.replace(/ \d+ [+-]\d{4}$/, "");
  return {
    author: person,
    committer: committer.replace(/ \d+ [+-]\d{4}$/, ""),
    name: person.replace(/ <.*$/, ""),
    sign: sign === "true",
  };
}
