import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText } from "./example-model.ts";

/** A title, what is changed in the example into what, and what is said then: `line:column+length message`, and hints where they matter. */
export type Mistake = readonly [title: string, from: string, to: string, ...says: string[]];

const parse = modelParser(exampleParts);

/** Makes the mistake in the example and tells what is said about it. */
export function saidAbout([, from, to]: Mistake): string[] {
  if (!exampleText.includes(from)) throw new Error(`the example has no ${JSON.stringify(from)}`);
  const text = exampleText.replace(from, () => to);
  const { problems } = parse(text, "models/flight-delay/model.yaml", "flight-delay");
  return problems.map(({ message, hint, where }) => {
    const suggestion = hint?.match(/did you mean .*?\?|^write {2}.*|^take out \w+$/)?.[0];
    return `${where?.line}:${where?.column}+${where?.length} ${message}${suggestion ? ` | ${suggestion}` : ""}`;
  });
}
