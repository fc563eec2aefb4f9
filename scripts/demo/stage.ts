import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Scratch, stageEnvironment } from "./scratch-repository.ts";

/** Plays commands before the audience: each is printed, run for real, and its exit code checked. */
export interface Stage {
  say(text: string): void;
  chapter(title: string): void;
  mergeml(line: string, options?: { expect?: number; quiet?: boolean }): void;
  git(line: string, ...rest: (string | { in: string })[]): void;
}

export function openStage({ product, repository }: Scratch): Stage {
  const play = (shown: string, program: string, args: string[], cwd: string, expect: number, quiet: boolean) => {
    process.stdout.write(`\n$ ${shown}\n`);
    const { status, error } = spawnSync(program, args, {
      cwd,
      env: stageEnvironment,
      stdio: ["ignore", quiet ? "ignore" : "inherit", "inherit"],
      timeout: 300_000,
    });
    if (error) throw error;
    if (status !== expect) throw new Error(`\`${shown}\` exited with ${status}, expected ${expect}`);
    if (expect !== 0) process.stdout.write(`(exit code ${status})\n`);
  };
  return {
    say: (text) => process.stdout.write(`${text}\n`),
    chapter: (title) =>
      process.stdout.write(`\n\u2500\u2500 ${title} ${"\u2500".repeat(Math.max(0, 90 - title.length))}\n`),
    mergeml: (line, { expect = 0, quiet = false } = {}) =>
      play(`mergeml ${line}`, join(product, "scripts", "mergeml"), line.split(" "), repository, expect, quiet),
    git: (line, ...rest) => {
      const words = rest.filter((each) => typeof each === "string");
      const place = rest.find((each) => typeof each === "object")?.in ?? repository;
      const shown = ["git", line, ...words.map((word) => `"${word}"`)].join(" ");
      play(shown, "git", [...line.split(" "), ...words], place, 0, false);
    },
  };
}
