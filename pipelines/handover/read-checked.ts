import { lstat, readFile } from "node:fs/promises";
import { validatorOf } from "../config/schema/validator-of.ts";
import { UserError } from "../errors/user-error.ts";
import { type CandidateBundle, givesCandidate } from "./training-handover.ts";
import { bundleSchema } from "./training-schema.ts";

/** A bundle or a plan may have so many bytes. */
const mostBytes = 8 * 1024 * 1024;
/** Checking and hashing recurse; nothing that is handed over nests deeper than a dozen. */
const mostLevels = 64;

/** Reads a bundle that may come from anybody. Throws UserError that says what is wrong with it. */
export async function readBundle(file: string, model: string): Promise<CandidateBundle> {
  const bundle = (await readChecked(file, bundleSchema)) as CandidateBundle;
  const { outcome, candidate } = bundle;
  const named = [bundle.model, "model" in outcome ? outcome.model : model, candidate?.record.config.name ?? model];
  if (named.some((each) => each !== model)) throw refused(file, `it speaks of another model than ${model}`);
  if (givesCandidate(outcome) !== (candidate !== null)) throw refused(file, "its candidate is missing");
  return bundle;
}

/** A JSON file of a schema: a plain file, not a link, of a bounded size. */
export async function readChecked(file: string, schema: object): Promise<unknown> {
  const facts = await lstat(file).catch(() => null);
  if (!facts?.isFile()) throw refused(file, facts ? "it is not a plain file" : "it is missing");
  if (facts.size > mostBytes) throw refused(file, `it has ${facts.size} bytes; at most ${mostBytes} are read`);
  const value = parse(file, await readFile(file, "utf8"));
  const check = validatorOf(schema, "handed");
  if (check(value)) return value;
  const { instancePath = "", message = "" } = check.errors?.[0] ?? {};
  throw refused(file, `${instancePath.slice(0, 100) || "it"} ${message}`);
}

function parse(file: string, text: string): unknown {
  if (nestsDeeper(text, mostLevels)) throw refused(file, `it nests deeper than ${mostLevels} levels`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(file, `it is not JSON: ${(cause as Error).message.slice(0, 100)}`);
  }
}

function refused(file: string, why: string): UserError {
  const name = file.split("/").slice(-2).join("/");
  return new UserError({ message: `the result ${name} cannot be used: ${why}`, hint: "run the training job again" });
}

const [quote, backslash] = [0x22, 0x5c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** Whether a JSON text nests arrays and objects deeper than so many levels, told without parsing it. */
function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString && code === backslash) at++;
    else if (code === quote) inString = !inString;
    else if (!inString && opening.has(code)) depth++;
    else if (!inString && closing.has(code)) depth--;
    if (depth > levels) return true;
  }
  return false;
}
