import type { Environment } from "../../ports/environment.ts";

/** What stands where a secret was. */
const hidden = "***";

/** Shorter values are no secrets, and hiding them would hide words. */
const shortest = 6;

/** Gives a text without the values of these variables, nor the password of an address among them, however they are written. */
export function redactor(names: readonly string[], env: Environment): (text: string) => string {
  const values = names.flatMap((name) => secretsIn(env[name] ?? ""));
  const forms = [...new Set(values.flatMap((value) => [value, encodeURIComponent(value), decoded(value)]))];
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
