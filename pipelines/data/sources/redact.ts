import { EnvironmentError, UserError } from "../../errors/expected-error.ts";

/** Hides secrets in a text. */
export type Redact = (text: string) => string;

/** What stands where a secret was. */
const hidden = "***";

/** Shorter values are no secrets, and hiding them would hide words. */
const shortest = 6;

/** Gives a text without these values, nor the password of an address among them, however they are written. */
export function redactor(values: readonly string[]): Redact {
  const secrets = values.flatMap(secretsIn);
  const forms = [...new Set(secrets.flatMap((value) => [value, encodeURIComponent(value), decoded(value)]))];
  const longestFirst = forms.filter(({ length }) => length >= shortest).sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((shown, value) => shown.replaceAll(value, hidden), text);
}

/** A value, its lines, and of an address or a connection string what signs in. */
function secretsIn(value: string): string[] {
  const text = value.trim();
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*?:([^@]*)@/i.exec(text)?.[1] ?? "";
  const pairs = [...text.matchAll(/(?:password|AccountKey|SharedAccessSignature)\s*=\s*'?([^;'\s]+)/gi)];
  return [text, ...text.split("\n"), password, ...pairs.map(([, secret = ""]) => secret)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The same error without secrets: in its message, its stack, its problems and its causes. */
export function redactError(error: unknown, redact: Redact): unknown {
  if (!(error instanceof Error)) return typeof error === "string" ? redact(error) : error;
  const cause = error.cause === undefined ? {} : { cause: redactError(error.cause, redact) };
  const redacted = sameKind(error, redact, cause);
  if (error.stack !== undefined) redacted.stack = redact(error.stack);
  redacted.name = error.name;
  return redacted;
}

function sameKind(error: Error, redact: Redact, cause: ErrorOptions): Error {
  if (error instanceof UserError)
    return new UserError(
      error.problems.map(({ message, hint, ...rest }) => ({
        ...rest,
        message: redact(message),
        ...(hint !== undefined && { hint: redact(hint) }),
      })),
      cause,
    );
  if (error instanceof EnvironmentError)
    return new EnvironmentError(redact(error.message), { tried: redact(error.tried), safe: redact(error.safe) }, cause);
  return new Error(redact(error.message), cause);
}
