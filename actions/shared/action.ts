import { join } from "node:path";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { visibleText } from "../../pipelines/errors/visible-text.ts";
import type { Log } from "../../pipelines/ports/log.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { GitHub } from "./github/client.ts";
import type { GitHubContext } from "./github/context.ts";
import { sourceSecrets } from "./source-secrets.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What an action is given: its inputs, the repository it runs in, GitHub, and where its outputs go. */
export interface Action {
  env: Environment;
  log: Log;
  /** An input as it was written, trimmed; empty when it was not given. */
  input(name: string): string;
  /** A list: separated by white space or commas. */
  list(name: string): string[];
  flag(name: string): boolean;
  output(name: string, value: string): void;
  /** Where the run is: repository, commit, pull request. */
  context(): Promise<GitHubContext>;
  /** The API, with the `token` input. */
  github(): Promise<GitHub>;
  /** The models' repository, with git credentials for its server. */
  workspace(): Promise<Workspace>;
  /** Ends the step red, with a message; what comes after still runs. */
  fail(message: string): void;
}

/** The action around the inputs of this process. Heavy parts are loaded when they are asked for; disposing ends what stays open. */
export async function openAction(env: Environment): Promise<Action & AsyncDisposable> {
  const core = await import("@actions/core");
  const { actionsLog } = await import("./actions-log.ts");
  const log = actionsLog(core);
  const input = (name: string) => core.getInput(name).trim();
  const opened = new AsyncDisposableStack();
  let context: Promise<GitHubContext> | undefined;
  let token: Promise<string> | undefined;
  const tokenOf = async () => {
    const { MERGEML_APP_ID: id, MERGEML_APP_KEY: key } = env;
    if (!id || !key) return input("token");
    const { appToken } = await import("./github/app-token.ts");
    const { systemClock } = await import("../../pipelines/ports/clock.ts");
    const made = await appToken({ id, key }, await readContext(), { clock: systemClock });
    core.setSecret(made);
    return made;
  };
  const readContext = () => (context ??= import("./github/context.ts").then((module) => module.readContext(env)));
  return {
    env,
    log,
    input,
    list: (name) =>
      input(name)
        .split(/[\s,]+/)
        .filter(Boolean),
    flag: (name) => flagOf(name, input(name)),
    output: (name, value) => core.setOutput(name, value),
    context: readContext,
    github: async () => {
      const { openGitHub } = await import("./github/client.ts");
      return openGitHub({ context: await readContext(), token: await (token ??= tokenOf()), log });
    },
    workspace: async () => {
      const secrets = sourceSecrets(env.MERGEML_SOURCES, core.setSecret);
      const isolation = input("isolation");
      const given = { ...env, ...secrets, ...(isolation !== "" && { MERGEML_ISOLATION: isolation }) };
      return opened.use(await openRepository(given, log, input("token")));
    },
    fail: (message) => core.setFailed(visibleText(message)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function flagOf(name: string, value: string): boolean {
  if (value === "" || value === "false") return false;
  if (value === "true") return true;
  throw new UserError({ message: `input ${name} is ${value.slice(0, 60)}`, hint: "write true or false" });
}

async function openRepository(env: Environment, log: Log, token: string): Promise<Workspace> {
  const { openWorkspace } = await import("../../pipelines/open-workspace.ts");
  const { systemClock } = await import("../../pipelines/ports/clock.ts");
  const { gitEnvironment } = await import("./git-environment.ts");
  const { trustCheckout } = await import("./trusted-checkout.ts");
  const checkout = env.GITHUB_WORKSPACE ?? ".";
  await trustCheckout(checkout, env);
  const directory = join(checkout, env["INPUT_WORKING-DIRECTORY"] ?? "");
  return openWorkspace({
    directory,
    // ghcr.io takes the job's own token; the store alone sends it there.
    env: { ...env, ...(token !== "" && { GITHUB_TOKEN: token }), ...gitEnvironment(env, token) },
    clock: systemClock,
    log,
    useCache: true,
  });
}
