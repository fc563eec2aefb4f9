import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { environmentsFolder, oldEnvironments } from "../../../pipelines/training/command/packages/kept-environments.ts";
import { failure, makeProgram, type Program } from "./programs.ts";

const script = `import { copyFileSync } from "node:fs";
console.log("path " + process.env.PATH.split(":")[0] + " " + ["VIRTUAL_ENV", "R_LIBS", "CONDA_PREFIX"].map((name) => process.env[name] ?? "-").join(" "));
copyFileSync("prepared.onnx", "model.onnx");
`;
const locked = `numpy==2.4.6 --hash=sha256:${"a".repeat(64)}\n`;
const python = `#!/bin/sh
case "$1" in
  -I) echo '["3.13.1", "cpython-313", "linux-x86_64", "glibc2.36", "/usr/bin/python3.13"]' ;;
  *) if [ "$2" = venv ]; then mkdir -p python/bin && cp "$0" python/bin/python; else echo "making" >> "$PIP_FIND_LINKS/made"; fi ;;
esac
`;

/** A program with a lock, a PATH of its own with doubles of tools, and a folder of environments. */
function equipped(lock: string, files: Record<string, string>, tools: Record<string, string>) {
  const program = makeProgram(script, files);
  const env = {
    PATH: [join(program.outside, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
    MERGEML_ENVIRONMENTS: join(program.outside, "environments"),
    // What tools are told about indexes; here it is where the doubles leave a trace.
    PIP_FIND_LINKS: program.outside,
  };
  for (const [name, text] of Object.entries({ uv: "#!/bin/false\n", ...tools })) tool(program, name, text);
  const made = () =>
    existsSync(join(program.outside, "made")) ? readFileSync(join(program.outside, "made"), "utf8") : "";
  const changes = { params: { environment: lock }, env };
  return { program, env, changes, made, train: () => program.train(changes) };
}

function tool({ outside }: Program, name: string, text: string): void {
  const file = join(outside, "bin", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, text === "#!/bin/false\n" ? 0o644 : 0o755);
}

const environments = (folder: string) => readdirSync(folder).filter((name) => !name.endsWith(".json"));

describe("the environment of a lock file", () => {
  it("is made once, kept, comes first in PATH, and is told in the record", async () => {
    const { program, env, made, train } = equipped(
      "requirements.txt",
      { "requirements.txt": locked },
      { python3: python },
    );
    using _ = program;
    const { model } = await train();
    expect(model.facts).toMatchObject({
      lock: expect.stringMatching(/^requirements.txt sha256:[0-9a-f]{64}$/),
      python: "3.13.1",
    });
    await train();
    expect(made()).toBe("making\n");
    const [name = ""] = environments(env.MERGEML_ENVIRONMENTS);
    const place = join(env.MERGEML_ENVIRONMENTS, name, "work/python");
    expect(program.log).toContain(`    | path ${place}/bin ${place} - -`);
    expect(readdirSync(join(env.MERGEML_ENVIRONMENTS, name))).toEqual(["work"]);
  });

  it("is another one for another lock, another interpreter, and when it was moved or its interpreter is gone", async () => {
    const { program, env, made, train } = equipped(
      "requirements.txt",
      { "requirements.txt": locked },
      { python3: python },
    );
    using _ = program;
    await train();
    writeFileSync(join(program.folder, "requirements.txt"), locked.replace("2.4.6", "2.4.7"));
    await train();
    tool(program, "python3", python.replace("3.13.1", "3.13.2"));
    await train();
    expect(made()).toBe("making\n".repeat(3));
    for (const name of environments(env.MERGEML_ENVIRONMENTS))
      chmodSync(join(env.MERGEML_ENVIRONMENTS, name, "work/python/bin/python"), 0o644);
    await train();
    expect(made()).toBe("making\n".repeat(4));
  });

  it("is made by one of those that want it at once; half of one that was left is none", async () => {
    const slow = python.replace("mkdir", "sleep 0.5; mkdir");
    const { program, env, made, train } = equipped(
      "requirements.txt",
      { "requirements.txt": locked },
      { python3: slow },
    );
    using _ = program;
    await Promise.all([train(), train(), train()]);
    expect(made()).toBe("making\n");
    const [pointer = ""] = readdirSync(env.MERGEML_ENVIRONMENTS).filter((name) => name.endsWith(".json"));
    writeFileSync(join(env.MERGEML_ENVIRONMENTS, pointer), '{"format": 1, "fol');
    // As a process that was killed leaves it.
    const ended = spawn("true");
    await new Promise((resolve) => ended.on("exit", resolve));
    const { hostname } = await import("node:os");
    writeFileSync(join(env.MERGEML_ENVIRONMENTS, pointer.replace(".json", ".making")), `${hostname()} ${ended.pid}`);
    await train();
    expect(made()).toBe("making\nmaking\n");
  });

  it("is not kept when it could not be made, and says why", async () => {
    const bad = python.replace(/\*\) .*/, '*) echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"; exit 1 ;;');
    const { program, env, changes } = equipped("requirements.txt", { "requirements.txt": locked }, { python3: bad });
    using _ = program;
    const { message, hint } = await failure(program, changes);
    expect(message).toContain("The environment of models/rent/requirements.txt could not be made: ");
    expect(message).toContain("  | ERROR: THESE PACKAGES DO NOT MATCH THE HASHES");
    expect(hint).toMatch(/^the package is not the one that was locked/);
    expect(readdirSync(env.MERGEML_ENVIRONMENTS)).toEqual([]);
    tool(
      program,
      "python3",
      python.replace(/\*\) .*/, '*) echo "Temporary failure in name resolution" >&2; exit 1 ;;'),
    );
    await expect(program.train(changes)).rejects.toMatchObject({
      name: "EnvironmentError",
      safe: expect.stringContaining("nothing half-made"),
    });
  });

  it("is made by the Python that .python-version names; a missing one is told with the setup that brings it", async () => {
    const files = { "requirements.txt": locked, ".python-version": "3.12.1\n" };
    const { program, changes, made } = equipped("requirements.txt", files, { python3: python });
    using _ = program;
    const { message, hint } = await failure(program, {
      ...changes,
      env: { ...changes.env, PATH: join(program.outside, "bin") },
    });
    expect(message).toBe("params.environment: python3.12 is not installed, or not on the PATH.");
    expect(hint).toContain(
      "give the input `setup` the folder of a composite action of yours that uses actions/setup-python",
    );
    tool(program, "python3.12", python);
    await program.train(changes);
    expect(made()).toBe("making\n");
  });

  it("goes when it was not used for long", async () => {
    const { program, env, train } = equipped("requirements.txt", { "requirements.txt": locked }, { python3: python });
    using _ = program;
    await train();
    const all = env.MERGEML_ENVIRONMENTS;
    const hourAgo = Date.now() - 3_600_000;
    expect(await oldEnvironments(all, hourAgo)).toEqual([]);
    mkdirSync(join(all, "half-made"));
    for (const name of readdirSync(all)) utimesSync(join(all, name), 1_000, 1_000);
    expect((await oldEnvironments(all, hourAgo)).sort()).toEqual(
      readdirSync(all)
        .map((name) => join(all, name))
        .sort(),
    );
    await train(); // used: its folder is old, and stays
    expect(await oldEnvironments(all, hourAgo)).toEqual([join(all, "half-made")]);
    expect(await oldEnvironments(join(all, "none"), hourAgo)).toEqual([]);
  });

  it("lies in the workspace of a job, which another job's programs have not written to", () => {
    const job = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/home/runner/work/models", HOME: "/home/ada" };
    expect(environmentsFolder(job)).toBe("/home/runner/work/models/.mergeml/environments");
    expect(environmentsFolder({ XDG_CACHE_HOME: "/cache" })).toBe("/cache/mergeml/environments");
    expect(environmentsFolder({ MERGEML_ENVIRONMENTS: "/kept", ...job })).toBe("/kept");
  });
});

/** Doubles of tools that no registry here has, or that need a server: they say what they were asked, and make the folder. */
describe("the environment of", () => {
  const tell = 'echo "$0 $*" | sed "s#^[^ ]*/bin/##; s#[^ ]*/environments/[^/]*/#@/#g" >> "$PIP_FIND_LINKS/made"';

  it("uv.lock is what uv makes of it, without the project itself", async () => {
    const uv = `#!/bin/sh\nif [ "$1" = python ]; then echo "$PIP_FIND_LINKS/bin/python3"; exit; fi\n${tell}\nmkdir -p "$UV_PROJECT_ENVIRONMENT/bin" && cp "$0" "$UV_PROJECT_ENVIRONMENT/bin/python"\n`;
    const files = { "pyproject.toml": "[project]\n", "uv.lock": "version = 1\n" };
    const { program, made, train } = equipped("pyproject.toml", files, { python3: python });
    using _ = program;
    tool(program, "uv", uv.replaceAll("$PIP_FIND_LINKS", program.outside));
    const { model } = await train();
    expect(made()).toMatch(
      /^uv sync --project \. --frozen --no-dev --no-install-project --no-build --python \S+python3\n$/,
    );
    expect(model.facts?.lock).toMatch(/^uv.lock sha256:/);
  });

  it("uv.lock is what a uv of its own makes of it where there is none: installed by its hashes, and taken away again", async () => {
    const own = `#!/bin/sh
case "$1" in -I) echo '["3.13.1", "cpython-313", "linux-x86_64", "glibc2.36", "/usr/bin/python3.13"]'; exit ;; esac
${tell}
case "$*" in
  "-m venv uv") mkdir -p uv/bin && cp "$0" uv/bin/python ;;
  *"pip install"*) cp "$0" uv/bin/uv ;;
  "sync "*) mkdir -p "$UV_PROJECT_ENVIRONMENT/bin" && cp "$0" "$UV_PROJECT_ENVIRONMENT/bin/python" ;;
esac
`;
    const files = { "pyproject.toml": "[project]\n", "uv.lock": "version = 1\n" };
    const { program, made, train } = equipped("pyproject.toml", files, {});
    using _ = program;
    tool(program, "python3", own);
    const { model } = await train();
    const commands = made().trim().split("\n");
    expect(commands.map((line) => line.split(" ").slice(1, 3).join(" "))).toEqual([
      "-m venv",
      "-c import",
      "-m pip",
      "sync --project",
      "-c import",
    ]);
    expect(commands[1]).toMatch(/uv\/requirements\.txt uv==[\d.]+( --hash=sha256:[0-9a-f]{64})+$/);
    expect(commands[2]).toContain("--require-hashes");
    expect(commands[4]).toMatch(/rmtree.* uv$/);
    expect(model.facts).toMatchObject({ python: "3.13.1", lock: expect.stringMatching(/^uv.lock sha256:/) });
  });

  it("environment.yml is what micromamba makes of it", async () => {
    const micromamba = `#!/bin/sh\n${tell}\nmkdir -p "$3/bin"\n`;
    const { program, made, train } = equipped("environment.yml", { "environment.yml": "dependencies: [a=1=0]\n" }, {});
    using _ = program;
    tool(program, "micromamba", micromamba.replaceAll("$PIP_FIND_LINKS", program.outside));
    await train();
    expect(made()).toBe("micromamba create --prefix @/work/conda --file environment.yml --yes\n");
    expect(program.log.join("\n")).toMatch(/path (\S+)\/work\/conda\/bin - - \1\/work\/conda$/);
  });

  it("renv.lock is what renv restores, and its library is R's; without renv it is told how to get it", async () => {
    const rscript = `#!/bin/sh\nif [ "$2" = -e ] && [ $# = 3 ]; then printf '4.4.1\\nx86_64\\n/r/renv\\n'; exit; fi\n${tell}\nfor last; do :; done; mkdir -p "$last"\n`;
    const { program, made, train, changes } = equipped("renv.lock", { "renv.lock": "{}\n" }, {});
    using _ = program;
    tool(program, "Rscript", rscript.replaceAll("$PIP_FIND_LINKS", program.outside));
    const { model } = await train();
    const [copied, restored] = made().split("\n");
    expect(copied).toMatch(/^Rscript --vanilla -e .*file\.copy.* \/r\/renv @\/work\/renv-itself$/);
    expect(restored).toMatch(
      /^Rscript --vanilla -e options.*renv::restore\(.* renv\.lock \S+\/work\/renv-itself @\/work\/library$/,
    );
    expect(program.log.join("\n")).toMatch(/path \S+ - \S+\/work\/library -/);
    expect(model.facts?.r).toBe("4.4.1");
    tool(program, "Rscript", rscript.replace("/r/renv\\n", ""));
    expect((await failure(program, changes)).hint).toContain('install.packages("renv")');
  });

  it("a Dockerfile is an image of the program's files, in which the program runs without rights", async () => {
    const docker = `#!/bin/sh\nHOME=; ${tell}
case "$1" in
  image) [ -f "$PIP_FIND_LINKS/image" ] ;;
  build) touch "$PIP_FIND_LINKS/image"; [ -f fit.mjs ] ;;
  rm) [ ! -f "$PIP_FIND_LINKS/stuck" ] || { rm "$PIP_FIND_LINKS/stuck"; exit 125; } ;;
  run) while [ "$1" != --entrypoint ]; do [ "$1" = --workdir ] && cd "$2"; shift; done; program=$2; shift 3; exec "$program" "$@" ;;
esac
`;
    const { program, made, train, changes } = equipped("Dockerfile", { Dockerfile: "FROM scratch\nCOPY . .\n" }, {});
    using _ = program;
    tool(program, "docker", docker.replaceAll("$PIP_FIND_LINKS", program.outside));
    await train();
    await train();
    const asked = made().trim().split("\n");
    expect(asked.map((line) => line.split(" ")[1])).toEqual(["build", "run", "rm", "image", "run", "rm"]);
    expect(asked[0]).toMatch(/^docker build --file Dockerfile --tag mergeml-environment:[0-9a-f]{40} \.$/);
    expect(asked[1]).toMatch(
      /--read-only --tmpfs \/tmp:exec --cap-drop ALL --security-opt no-new-privileges --user \d+:\d+/,
    );
    expect(asked[1]).toMatch(/--env MERGEML_SEED=7 .*--entrypoint node mergeml-environment:[0-9a-f]{40} fit\.mjs/);
    expect(asked[1]).not.toContain("--env PATH=");
    writeFileSync(join(program.folder, "fit.mjs"), `${script}\n`);
    writeFileSync(join(program.outside, "stuck"), ""); // as Podman where the program met its limit of time
    await train();
    expect(made().match(/ build /g)).toHaveLength(2);
    expect(made().trim().split("\n").slice(-2)).toEqual([0, 1].map(() => expect.stringMatching(/^docker rm --force/)));
    tool(program, "docker", "#!/bin/false\n");
    const { hint } = await failure(program, {
      ...changes,
      env: { ...changes.env, PATH: join(program.outside, "bin") },
    });
    expect(hint).toContain("install Docker or Podman");
  });
});
