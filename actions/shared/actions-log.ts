import { visibleText } from "../../pipelines/errors/inert-markdown.ts";
import type { Log } from "../../pipelines/ports/host.ts";

interface Core {
  info(message: string): void;
  warning(message: string): void;
}

/** Long work says that it is alive this often, so that a log is neither silent nor flooded. */
const everyMs = 10_000;

/** The core's log as lines of a workflow's log; warnings become annotations. */
export function actionsLog(core: Core): Log {
  return {
    info: (message) => core.info(withoutCommands(message)),
    warn: (message) => core.warning(visibleText(message)),
    step: async (title, work, done) => {
      const started = performance.now();
      const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
      let told = started;
      const update = (fraction: number | null, detail = "") => {
        if (performance.now() - told < everyMs) return;
        told = performance.now();
        core.info(withoutCommands(`${title}: ${fraction === null ? "" : `${Math.round(fraction * 100)}% `}${detail}`));
      };
      const result = await work({ update });
      core.info(withoutCommands(`${title}: ${done?.(result) ?? "done"} (${seconds()})`));
      return result;
    },
  };
}

/** What the runner passes over before it looks for a command: .NET's white space, and what its comparison of texts ignores. */
const passedOver = "[\\s\\p{C}\\p{M}]*";
const command = new RegExp(`^(${passedOver}:)(?=${passedOver}:)`, "gmu");
const oldCommand = /#[\p{C}\p{M}]*#[\p{C}\p{M}]*\[/gu;

/**
 * Text that the runner takes for nothing but text: names, queries and programs of a pull request get into the log, and a line
 * of them may look like a workflow command, hide characters, or be written from right to left.
 */
export function withoutCommands(text: string): string {
  return visibleText(text).replaceAll(command, "$1 ").replaceAll(oldCommand, "## [");
}
