import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { parse } from "yaml";
import { toolVersion } from "../pipelines/workspace/tool-version.ts";
import { writeAside } from "../pipelines/workspace/write-aside.ts";

interface Described {
  description?: string;
  required?: boolean;
  default?: string;
}

interface ActionFile {
  name: string;
  description: string;
  inputs?: Record<string, Described>;
  outputs?: Record<string, Described>;
}

const folder = join(import.meta.dirname, "../actions");
const file = join(folder, "README.md");

/** The folder's README: every action with its inputs and outputs, from the action.yml files, which are the truth. */
async function actionDocs(): Promise<string> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const described = names
    .map(({ name }) => name)
    .filter((name) => name !== "shared")
    .sort();
  const sections = described.map(async (name) => {
    const action = parse(await readFile(join(folder, name, "action.yml"), "utf8")) as ActionFile;
    return section(name, action);
  });
  return [intro, ...(await Promise.all(sections))].join("\n\n").concat("\n");
}

const intro = `# Actions

The steps that the workflows in \`.github/workflows\` are made of. Use \`setup\` first: it installs what the others need, and
they find it when they come from the same repository and ref.

\`\`\`yaml
- uses: actions/checkout@v6
- uses: acme/mergeml/actions/setup@v${toolVersion}
- uses: acme/mergeml/actions/validate@v${toolVersion}
\`\`\`

This page is written by \`npm run docs:actions\` from the \`action.yml\` files.`;

function section(name: string, { description, inputs = {}, outputs = {} }: ActionFile): string {
  const parts = [`## ${name}`, description.trim()];
  if (Object.keys(inputs).length > 0) {
    const rows = Object.entries(inputs).map(([input, each]) => [
      `\`${input}\``,
      oneLine(each.description),
      each.required ? "required" : each.default ? `\`${each.default}\`` : "",
    ]);
    parts.push(markdownTable([["input", "what it is", "default"], ...rows]));
  }
  if (Object.keys(outputs).length > 0) {
    const rows = Object.entries(outputs).map(([output, each]) => [`\`${output}\``, oneLine(each.description)]);
    parts.push(markdownTable([["output", "what it is"], ...rows]));
  }
  return parts.join("\n\n");
}

function oneLine(text = ""): string {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}

const written = await readFile(file, "utf8").catch(() => "");
const wanted = await actionDocs();
if (!process.argv.includes("--check")) await writeAside(file, wanted);
else if (written !== wanted) {
  console.error("actions/README.md is not what the action.yml files say. Write it: npm run docs:actions");
  process.exitCode = 1;
}
