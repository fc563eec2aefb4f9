import { UserError } from "../../errors/expected-error.ts";

/**
 * A name that may be passed on, as a JSON Schema pattern. Names of secrets are refused here in upper case, as they are
 * mostly written, so that an editor tells; `programEnvironment` refuses them in any case.
 */
export const variableName = "^(?!.*(TOKEN|SECRET|PASS|CREDENTIAL|KEY|AUTH))(?!ACTIONS_)[A-Za-z_][A-Za-z0-9_]*$";

const secretName = /token|secret|pass|credential|key|auth|^actions_/i;
// With these a program finds its own way past the list: they carry other variables, or code, into it or into what follows.
const carriers = new Set(["NODE_OPTIONS", "LD_PRELOAD", "BASH_ENV", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT"]);

export interface ProgramSetting {
  /** Of mergeml itself. */
  env: Readonly<Record<string, string | undefined>>;
  /** Names the model wants passed on. */
  allowed: readonly string[];
  home: string;
  temporary: string;
  seed: number;
  threads: number;
  /** 0 is no limit. */
  memoryGb: number;
}

/**
 * All that the program finds in its environment. What is not named here, tokens of a CI job first of all, is not passed
 * on. Throws UserError for an allowed name that looks like a secret.
 */
export function programEnvironment(setting: ProgramSetting): Record<string, string> {
  const { env, allowed, home, temporary, seed, threads, memoryGb } = setting;
  for (const name of allowed) refuseSecret(name);
  const passed = allowed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return {
    PATH: env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    LANG: env.LANG ?? "C.UTF-8",
    TMPDIR: temporary,
    // Python's sets of texts else have another order on every run, and with them the nodes of converted graphs.
    PYTHONHASHSEED: "0",
    MERGEML_SEED: String(seed),
    MERGEML_THREADS: String(threads),
    ...(memoryGb > 0 && { MERGEML_MEMORY_GB: String(memoryGb) }),
    ...Object.fromEntries(passed),
  };
}

function refuseSecret(name: string): void {
  if (!secretName.test(name) && !carriers.has(name)) return;
  throw new UserError({
    message: `params.env: ${name} is not passed to a program: by its name it ${carriers.has(name) ? "carries code past the list" : "holds a secret"}.`,
    hint: "a training needs data, params and a seed; take the name out of params.env",
    key: "params.env",
  });
}
