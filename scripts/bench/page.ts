import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

const docs = join(import.meta.dirname, "..", "..", "docs");

/** Shows a measured section, and with `--write` puts it in the place of the section of that title in docs/benchmarks.md, or another page. */
export function tellSection(title: string, body: string, pageName = "benchmarks.md"): void {
  const file = join(docs, pageName);
  process.stdout.write(`\n## ${title}\n\n${body}\n`);
  if (!process.argv.includes("--write")) return;
  const page = existsSync(file) ? readFileSync(file, "utf8") : "# Benchmarks\n";
  const sections = page.split(/^(?=## )/m).filter((section) => !section.startsWith(`## ${title}\n`));
  writeFileSync(
    file,
    `${sections.map((section) => section.trimEnd()).join("\n\n")}\n\n## ${title}\n\n${body.trimEnd()}\n`,
  );
}

/** The machine a measurement was made on, the day, and what it had to do besides. */
export function machine(): string {
  const day = new Date().toISOString().slice(0, 10);
  return `Machine: ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}. ${day}, load at the end ${loadavg()[0]?.toFixed(1)}.`;
}
