import { describe, expect, it, test } from "vitest";
import { lockFileOf } from "../../../pipelines/config/lock-file/lock-kind.ts";

const sha = (digit: string) => digit.repeat(64);
const hash = `--hash=sha256:${sha("a")}`;

/** `line: message` of all that is wrong. */
const faults = (path: string, text: string) =>
  lockFileOf(path)!
    .check(text)
    .map(({ line, message }) => `${line}: ${message}`);

test.each([
  ["requirements.txt", "pip", "requirements.txt"],
  ["env/requirements-gpu.txt", "pip", "env/requirements-gpu.txt"],
  ["pyproject.toml", "uv", "uv.lock"],
  ["py/uv.lock", "uv", "py/uv.lock"],
  ["environment.yaml", "conda", "environment.yaml"],
  ["renv.lock", "renv", "renv.lock"],
  ["Dockerfile.train", "docker", "Dockerfile.train"],
])("%s is one for %s, known by %s", (path, kind, locked) => {
  expect(lockFileOf(path)).toMatchObject({ kind, locked });
});

it.each(["poetry.lock", "Pipfile.lock", "train.txt", "package-lock.json", "requirements.in"])("%s is none", (path) => {
  expect(lockFileOf(path)).toBeNull();
});

it("reads both files of uv, and the version of Python that is beside", () => {
  expect(lockFileOf("py/pyproject.toml")?.files).toEqual({
    "py/pyproject.toml": "needed",
    "py/uv.lock": "needed",
    "py/.python-version": "read",
  });
});

describe("requirements.txt", () => {
  it("passes with exact versions and hashes, over several lines, with comments, markers and options of the index", () => {
    const text = `# by uv
--index-url https://pypi.example.org/simple
--only-binary :all:
numpy==2.4.6 \\
    ${hash} \\
    --hash=sha256:${sha("b")}
    # via skl2onnx
pandas[parquet]==3.1.1 ; python_version >= "3.11" ${hash} # why
wheel @ https://example.org/wheel-1.0-py3-none-any.whl ${hash}
`;
    expect(faults("requirements.txt", text)).toEqual([]);
  });

  it("says the line of each that leaves open what is installed", () => {
    const text = `numpy==2.4.6
pandas>=3 ${hash}

onnx==1.20.* ${hash}
-r other.txt
-e .
--target /usr/lib
scipy==1.17.1 \\
    --hash=md5:abc
git+https://github.com/acme/x.git ${hash}
`;
    expect(faults("requirements.txt", text)).toEqual([
      "1: numpy has no hash",
      "2: pandas>=3 is not pinned to one version",
      "4: onnx==1.20.* is not pinned to one version",
      "5: -r other.txt reads what is not in this file",
      "6: -e . reads what is not in this file",
      "7: the option --target /usr/lib is not taken",
      "8: scipy has no hash",
      "10: git+https://github.com/acme/x.git is not pinned to one version",
    ]);
    expect(faults("requirements.txt", "# nothing\n")).toEqual(["1: it names no package"]);
  });
});

describe("uv.lock", () => {
  const lock = (entry: string) => `version = 1
requires-python = ">=3.11"

[[package]]
name = "rent"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy" },
]

[[package]]
name = "numpy"
version = "2.4.6"
${entry}
`;
  const wheel = `{ url = "https://files.example.org/numpy.whl", hash = "sha256:${sha("c")}", size = 5 },`;

  it("passes as uv writes it", () => {
    const source = `source = { registry = "https://pypi.org/simple" }`;
    expect(faults("uv.lock", lock(`${source}\nwheels = [\n    ${wheel}\n]`))).toEqual([]);
  });

  it.each([
    [
      "without a hash",
      `wheels = [\n    { url = "https://files.example.org/numpy.whl", size = 5 },\n]`,
      "16: numpy has no hash",
    ],
    [
      "from git",
      `source = { git = "https://github.com/numpy/numpy?rev=1#abc" }`,
      "15: numpy comes from git, and has no hash",
    ],
    ["from a folder", `source = { editable = "../numpy" }`, "15: numpy comes from a folder, and has no hash"],
  ])("refuses a package %s", (_what, entry, told) => {
    expect(faults("uv.lock", lock(entry))).toEqual([told]);
  });

  it("refuses what uv has not written", () => {
    expect(faults("uv.lock", "numpy==2.4.6\n")).toEqual(["1: it is not a file that uv wrote"]);
  });
});

describe("environment.yml", () => {
  it("passes with builds", () => {
    const text =
      "name: rent\nchannels: [conda-forge]\ndependencies:\n  - python=3.12.8=h9e4cc4f_1_cpython\n  - conda-forge::numpy=2.2.1=py312h7e784f5_0\n";
    expect(faults("environment.yml", text)).toEqual([]);
  });

  it("says the line of what has none, of packages of pip, and of what is no such file", () => {
    const text = "dependencies:\n  - python=3.12\n  - numpy>=2\n  - pip:\n      - onnx==1.20.1\n";
    expect(faults("environment.yml", text)).toEqual([
      "2: python=3.12 is not pinned to one build",
      "3: numpy>=2 is not pinned to one build",
      "4: packages of pip have no hash here",
    ]);
    expect(faults("environment.yml", "name: rent\n")).toEqual(["1: it has no list of dependencies"]);
    expect(faults("environment.yml", "dependencies: [\n")).toMatchObject([expect.stringMatching(/it is no YAML$/)]);
  });
});

describe("renv.lock", () => {
  it("wants version, source and hash of each package", () => {
    const glmnet = { Package: "glmnet", Version: "4.1-8", Source: "Repository", Hash: sha("d").slice(32) };
    const lock = (packages: object) => JSON.stringify({ R: { Version: "4.4.1" }, Packages: packages }, null, 2);
    expect(faults("renv.lock", lock({ glmnet }))).toEqual([]);
    const { Hash: _, ...open } = glmnet;
    expect(faults("renv.lock", lock({ glmnet: open }))).toEqual(["6: glmnet has no hash"]);
    expect(faults("renv.lock", "{}")).toEqual(["1: it is not a file that renv wrote"]);
    expect(faults("renv.lock", "null")).toEqual(["1: it is not a file that renv wrote"]);
  });
});

describe("Dockerfile", () => {
  it("passes with images by digest, stages by name, and archives by checksum", () => {
    const text = `# syntax=docker/dockerfile:1@sha256:${sha("e")}
FROM --platform=linux/amd64 python:3.13-slim@sha256:${sha("f")} AS build
RUN pip install \\
    # why
    numpy
FROM build
COPY --from=build /a /a
ADD --checksum=sha256:${sha("1")} https://example.org/x.tar.gz /x
`;
    expect(faults("Dockerfile", text)).toEqual([]);
  });

  it("says the line of each image and archive that may be another tomorrow", () => {
    const text = `FROM python:3.13-slim AS build
FROM \${BASE}
COPY --from=nginx:latest /a /a
RUN --mount=type=bind,from=busybox:1,target=/b true
ADD https://example.org/x.tar.gz /x
`;
    expect(faults("Dockerfile", text)).toEqual([
      "1: the image python:3.13-slim is not named by its digest",
      `2: the image \${BASE} is not named by its digest`,
      "3: the image nginx:latest is not named by its digest",
      "4: the image busybox:1 is not named by its digest",
      "5: https://example.org/x.tar.gz has no checksum",
    ]);
    expect(faults("Dockerfile", "RUN true\n")).toEqual(["1: it has no FROM"]);
  });
});
