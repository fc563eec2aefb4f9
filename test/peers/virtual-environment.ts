import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "..", ".cache", "peers");
const requirements = join(import.meta.dirname, "requirements.txt");

export const python = join(folder, "bin", "python");

/** Makes the virtual environment under .cache/ once; again when the requirements change. */
export default function setup(): void {
  const mark = join(folder, "installed-requirements.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], {
    stdio: "inherit",
  });
  writeFileSync(mark, wanted);
}
