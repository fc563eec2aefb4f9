/** One instruction: `RUN` and what stands behind it, over several lines as one. */
export interface Instruction {
  name: string;
  text: string;
}

/** The instructions of each stage of a Dockerfile, `FROM` first. Comments and what continues a line are as Docker reads them. */
export function stagesOf(dockerfile: string): Instruction[][] {
  const lines = dockerfile.split("\n").filter((line) => !/^\s*(?:#|$)/.test(line));
  const whole = lines
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  const stages: Instruction[][] = [];
  for (const line of whole) {
    const [, name = "", text = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === "FROM") stages.push([]);
    stages.at(-1)?.push({ name, text });
  }
  return stages;
}

/** What an instruction that stands once in a stage says. */
export function textOf(stage: readonly Instruction[], name: string): string {
  const [found, ...more] = stage.filter((each) => each.name === name);
  if (found === undefined || more.length > 0) throw new Error(`${name} does not stand there once`);
  return found.text;
}

/** `A=b C=d` of ENV. */
export function variablesOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split(/\s+/).map((pair) => pair.split("=", 2) as [string, string]));
}
