import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The code of a language in the section "Clients" of docs/serving.md, in its order, as it would run against the server at `url`. */
export function clientExamples(language: "bash" | "ts" | "python", url: string): string[] {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "serving.md"), "utf8");
  const [, section = ""] = /^## Clients\n(.*?)^## /ms.exec(page) ?? [];
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, code = ""]) => code,
  );
  return blocks.map((code) => code.replaceAll("127.0.0.1:8080", new URL(url).host));
}
