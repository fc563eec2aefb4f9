/** A thing that a statement is about, by the digest of its bytes. */
interface StatementSubject {
  name: string;
  digest: { sha256: string };
}

/** An in-toto statement, version 1: what is said of the subjects. */
export interface Statement {
  _type: typeof statementType;
  subject: readonly StatementSubject[];
  predicateType: string;
  predicate: Readonly<Record<string, unknown>>;
}

const statementType = "https://in-toto.io/Statement/v1";
export const payloadType = "application/vnd.in-toto+json";
/** What the file of a signed statement is called on the branch, beside what it is about. */
export const verdictBundleFile = "verdict.sigstore.json";

/** A statement about files, whose hashes are `sha256:` and hex digits as everywhere. */
export function makeStatement(
  predicateType: string,
  subjects: Readonly<Record<string, string>>,
  predicate: Statement["predicate"],
): Statement {
  const subject = Object.entries(subjects).map(([name, hash]) => ({
    name,
    digest: { sha256: hash.replace("sha256:", "") },
  }));
  return { _type: statementType, subject, predicateType, predicate };
}

/** The statement in a payload; null for anything else. */
export function parseStatement(payload: Uint8Array): Statement | null {
  try {
    const found = JSON.parse(Buffer.from(payload).toString("utf8")) as Partial<Statement> | null;
    if (found?._type !== statementType || !Array.isArray(found.subject) || !isBlock(found.predicate)) return null;
    const isSound = found.subject.every(
      (each) => typeof each?.name === "string" && typeof each?.digest?.sha256 === "string",
    );
    return isSound && typeof found.predicateType === "string" ? (found as Statement) : null;
  } catch {
    return null;
  }
}

function isBlock(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a statement is about these very bytes under this name. */
export function isAbout({ subject }: Statement, name: string, hash: string): boolean {
  return subject.some((each) => each.name === name && `sha256:${each.digest.sha256}` === hash);
}
