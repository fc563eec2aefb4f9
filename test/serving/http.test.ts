import { createHmac } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import { Validator } from "@seriousme/openapi-schema-validator";
import { tableFromArrays, tableFromIPC, tableToIPC } from "@uwdata/flechette";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Serving } from "../../pipelines/serve.ts";
import { post, type ServedRegistry, servedRegistry, until } from "./served-registry.ts";

let registry: ServedRegistry;
let serving: Serving;
beforeAll(async () => {
  registry = await servedRegistry();
  // The thread that reads Arrow may start slowly beside other tests.
  serving = await registry.serve({ limits: { body: 100_000, arrow: 60_000 } });
});
afterAll(() => registry[Symbol.asyncDispose]());

const url = (path: string) => `${serving.url}${path}`;
const get = async (path: string) => {
  const response = await fetch(url(path));
  return { status: response.status, body: JSON.parse(await response.text()) };
};
const predict = (body: unknown, headers: Record<string, string> = {}) =>
  post(url("/models/rent/predict"), body, headers);
const infer = (body: unknown, headers: Record<string, string> = {}) =>
  post(url("/v2/models/rent/infer"), body, headers);
const refused = async (body: unknown, headers: Record<string, string> = {}) => {
  const { status, body: answer } = await predict(body, headers);
  return `${status} ${answer.error}`;
};

describe("the Open Inference Protocol", () => {
  it("tells health, server and model", async () => {
    expect(await get("/v2/health/live")).toEqual({ status: 200, body: { live: true } });
    expect(await get("/v2/health/ready")).toEqual({ status: 200, body: { ready: true } });
    expect((await get("/v2")).body).toMatchObject({ name: "mergeml", extensions: ["binary_tensor_data"] });
    expect(await get("/v2/models/rent/versions/1/ready")).toEqual({ status: 200, body: { name: "rent", ready: true } });
    expect((await get("/v2/models/rent")).body).toEqual({
      name: "rent",
      versions: ["1"],
      platform: "onnxruntime_onnx",
      inputs: [
        { name: "size", datatype: "FP64", shape: [-1, 1] },
        { name: "city", datatype: "BYTES", shape: [-1, 1] },
      ],
      outputs: [{ name: "prediction", datatype: "FP32", shape: [-1, 1] }],
    });
  });

  it("answers tensors, flat or nested", async () => {
    const { body } = await infer({
      id: "a1",
      inputs: [
        { name: "city", datatype: "BYTES", shape: [3], data: ["Bonn", "Nowhere", null] },
        { name: "size", datatype: "FP32", shape: [3, 1], data: [[1], [2], [null]] },
      ],
    });
    const output = { name: "prediction", datatype: "FP32", shape: [3, 1], data: [1101, 102, 100] };
    expect(body).toEqual({ model_name: "rent", model_version: "1", id: "a1", outputs: [output] });
  });

  it("answers binary tensors with binary tensors", async () => {
    const sizes = Buffer.from(Float64Array.of(1, 2).buffer);
    const texts = Buffer.from([4, 0, 0, 0, ...Buffer.from("Bonn"), 3, 0, 0, 0, ...Buffer.from("Ulm")]);
    const header = Buffer.from(
      JSON.stringify({
        inputs: [
          { name: "size", datatype: "FP64", shape: [2, 1], parameters: { binary_data_size: sizes.length } },
          { name: "city", datatype: "BYTES", shape: [2, 1], parameters: { binary_data_size: texts.length } },
        ],
        outputs: [{ name: "prediction", parameters: { binary_data: true } }],
      }),
    );
    const response = await fetch(url("/v2/models/rent/infer"), {
      method: "POST",
      body: Buffer.concat([header, sizes, texts]),
      headers: { "inference-header-content-length": String(header.length) },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get("inference-header-content-length"));
    expect(JSON.parse(bytes.subarray(0, length).toString()).outputs).toEqual([
      { name: "prediction", datatype: "FP32", shape: [2, 1], parameters: { binary_data_size: 8 } },
    ]);
    expect([bytes.readFloatLE(length), bytes.readFloatLE(length + 4)]).toEqual([1101, 102]);
  });

  it("answers a large batch as its rows one by one, in every format", async () => {
    const rows = Array.from({ length: 700 }, (_, at) => ({
      size: at % 9 === 0 ? null : at / 4,
      city: at % 7 === 0 ? null : `city ${at % 200}`.replace("city 13", "Bonn"),
    }));
    const { size, city } = { size: rows.map((row) => row.size), city: rows.map((row) => row.city) };
    const one = async (row: object) => (await predict([row])).body.predictions[0];
    const expected = await Promise.all(rows.map(one));
    expect((await predict(rows)).body.predictions).toEqual(expected);
    const shape = [rows.length, 1];
    const numbers = { name: "size", datatype: "FP64", shape };
    const texts = { name: "city", datatype: "BYTES", shape };
    const tensors = await infer({
      inputs: [
        { ...numbers, data: size },
        { ...texts, data: city },
      ],
    });
    expect(tensors.body.outputs[0].data).toEqual(expected);
    const csv = ["size,city", ...rows.map((row) => `${row.size ?? ""},${row.city ?? ""}`)].join("\n");
    expect((await predict(csv, { "content-type": "text/csv" })).body.predictions).toEqual(expected);
    const ipc = tableToIPC(tableFromArrays({ size, city }), { format: "stream" }) ?? new Uint8Array();
    const type = { "content-type": "application/vnd.apache.arrow.stream" };
    expect((await predict(ipc, type)).body.predictions).toEqual(expected);
    const bytes = [
      Buffer.from(Float64Array.from(size, (value) => value ?? Number.NaN).buffer),
      Buffer.concat(
        city.map((text) => Buffer.from([Buffer.byteLength(text ?? ""), 0, 0, 0, ...Buffer.from(text ?? "")])),
      ),
    ];
    const binary = (input: object, at: number) => ({ ...input, parameters: { binary_data_size: bytes[at]!.length } });
    const head = JSON.stringify({ parameters: { nan_is_missing: true }, inputs: [numbers, texts].map(binary) });
    const sent = await infer(Buffer.concat([Buffer.from(head), ...bytes]), {
      "inference-header-content-length": String(Buffer.byteLength(head)),
    });
    expect(sent.body.outputs[0].data).toEqual(expected);
  });

  it("says what is wrong with a request", async () => {
    const size = { name: "size", datatype: "FP64", shape: [1, 1], data: [1] };
    const city = { name: "city", datatype: "BYTES", shape: [1, 1], data: ["Ulm"] };
    const told = async (body: unknown, headers = {}) => {
      const { status, body: answer } = await infer(body, headers);
      return `${status} ${answer.error}`;
    };
    expect(await told({})).toMatch(/^400 .*must have required property 'inputs'/);
    expect(await told({ inputs: [size] })).toMatch(/^422 city is missing/);
    expect(await told({ inputs: [size, { ...city, name: "cty" }] })).toMatch(/^422 .*no input "cty"; was "city" meant/);
    expect(await told({ inputs: [size, { ...city, shape: [2, 1] }] })).toMatch(/^422 the input city has 1 values/);
    expect(await told({ inputs: [{ ...size, datatype: "FP16" }, city] })).toMatch(
      /^400 .*datatype must be equal to one of/,
    );
    expect(await told({ inputs: [{ ...size, data: ["x"] }, city] })).toMatch(
      /^422 row 1: size is the text "x", a number/,
    );
    expect(await told({ inputs: [size, city], outputs: [{ name: "label" }] })).toMatch(
      /^422 the model has no output "label"/,
    );
    expect(await told("{}", { "inference-header-content-length": "9" })).toMatch(
      /^400 Inference-Header-Content-Length/,
    );
    expect(await told({ inputs: [{ ...size, data: undefined, parameters: { binary_data_size: 8 } }, city] })).toMatch(
      /^400 the body ends before the 8 bytes of the input size/,
    );
  });
});

describe("rows by column name", () => {
  it("are a list, in rows, or one", async () => {
    const row = { size: 1, city: "Bonn", id: 7, unused: true };
    for (const body of [[row], { rows: [row] }, row])
      expect((await predict(body)).body).toEqual({ model: "rent", version: 1, predictions: [1101] });
  });

  it("may have null and categories that training never saw", async () => {
    const body = [
      { size: null, city: null },
      { size: 1, city: "Atlantis" },
      { size: true, city: 5 },
    ];
    expect((await predict(body)).body.predictions).toEqual([100, 101, 101]);
  });

  it("may be CSV, which may be answered with CSV", async () => {
    const csv = 'city,size,id\n"Bonn",1,a\n"a ""quoted"", city",2.5e0,b\r\n,,c\n';
    expect((await predict(csv, { "content-type": "text/csv" })).body.predictions).toEqual([1101, 102.5, 100]);
    const response = await fetch(url("/models/rent/predict"), {
      method: "POST",
      body: csv,
      headers: { "content-type": "text/csv", accept: "text/csv" },
    });
    expect(await response.text()).toBe("prediction,version\n1101,1\n102.5,1\n100,1\n");
  });

  it("may be Arrow, which may be answered with Arrow", async () => {
    const type = "application/vnd.apache.arrow.stream";
    const table = tableFromArrays({ size: [1, null, 3], city: ["Bonn", "Ulm", null] });
    const response = await fetch(url("/models/rent/predict"), {
      method: "POST",
      body: tableToIPC(table, { format: "stream" }) as Uint8Array<ArrayBuffer>,
      headers: { "content-type": type, accept: type },
    });
    const answer = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    expect([...answer.getChild("prediction")]).toEqual([1101, 100, 103]);
  });

  it("that are wrong are named by row and column, with what was expected", async () => {
    expect(
      await refused([
        { size: 1, city: "a" },
        { size: "12", city: "b" },
      ]),
    ).toBe('422 row 2: size is the text "12", a number was expected');
    expect(await refused([{ sise: 1, city: "a" }])).toBe(
      '422 row 1: size is missing; a number was expected (was "sise" meant?)',
    );
    expect(await refused([{ size: 1, city: 1.5 }])).toBe("422 row 1: city is 1.5, a text was expected");
    expect(await refused([{ size: 1, city: {} }, 5, null])).toBe(
      "422 row 2: the row is 5, an object by column name was expected (and 1 more)",
    );
    expect(await refused('[{"size": 1e999, "city": "a"}]')).toMatch(/^422 row 1: size is Infinity, a finite number/);
    expect(await refused([{ size: 1e300, city: "a" }])).toMatch(/^422 row 1: size is 1e\+300, and the model's 32-bit/);
    expect(await refused([{ size: 1, city: "a\0b" }])).toMatch(/^422 row 1: city has a null character/);
    expect(await refused([])).toMatch(/^422 there are no rows/);
    expect(await refused("size,city\n1,a\nnan,b\n", { "content-type": "text/csv" })).toMatch(/^422 row 2: size is NaN/);
    expect(await refused("size,city\n1\n", { "content-type": "text/csv" })).toMatch(/^422 row 1: it has 1 fields/);
    const { body } = await predict(Array.from({ length: 50 }, () => ({ size: "x", city: 0.5 })));
    expect(body.error).toBe('row 1: size is the text "x", a number was expected (and 99 more)');
    expect(body.problems).toHaveLength(10);
    expect(body.problems[1]).toEqual({
      row: 2,
      column: "size",
      message: 'size is the text "x", a number was expected',
    });
  });

  it("must be readable, and not too many", async () => {
    expect(await refused("[{")).toMatch(/^400 the body is not valid JSON/);
    expect(await refused("")).toMatch(/^400 /);
    expect(await refused(Buffer.from([0x22, 0xff, 0x22]))).toMatch(/^400 the body is not valid UTF-8/);
    expect(await refused('a,"b\n', { "content-type": "text/csv" })).toMatch(
      /^400 the CSV is malformed: a quote in the header/,
    );
    expect(await refused("x", { "content-type": "application/vnd.apache.arrow.stream" })).toMatch(
      /^400 the body is no Arrow/,
    );
    expect(await refused("size=1", { "content-type": "application/x-www-form-urlencoded" })).toMatch(
      /^415 rows cannot be application\/x-www-form-urlencoded; send application\/json, text\/csv/,
    );
    expect(await refused(`[${" ".repeat(100_000)}]`)).toMatch(
      /^413 the body is above 0\.\d+ MiB; send fewer rows at a time$/,
    );
    for (const value of ["NaN", "Infinity", "-Infinity"])
      expect(await refused(`[{"size": ${value}, "city": "a"}]`)).toMatch(
        /^400 .*no NaN and no Infinity; null stands for/,
      );
  });

  it("are answered by a model and a version that there are", async () => {
    const row = [{ size: 1, city: "a" }];
    expect(await post(url("/models/rant/predict"), row)).toMatchObject({
      status: 404,
      body: { error: 'this server has no model "rant"; did you mean rent?' },
    });
    expect(await post(url("/models/rent/versions/9/predict"), row)).toMatchObject({
      status: 404,
      body: { error: "rent@9 is not served; rent answers as version 1" },
    });
    expect((await post(url("/models/rent/versions/1/predict"), row)).status).toBe(200);
    // Whatever the body is: there is nobody to say what is wrong with it.
    for (const path of ["/models/rant/predict", "/v2/models/rant/infer", "/v2/models/rent/versions/9/infer"])
      for (const body of ["{", "[]", " ".repeat(200_000)]) expect((await post(url(path), body)).status, path).toBe(404);
    expect(await get("/models")).toMatchObject({
      status: 404,
      body: { error: "there is no GET /models; see /openapi.json" },
    });
  });
});

describe("beside the answers", () => {
  it("OpenAPI 3.1 says what rows have", async () => {
    const { body } = await get("/openapi.json");
    const result = await new Validator().validate(structuredClone(body));
    expect(result).toMatchObject({ valid: true });
    expect(body.openapi).toBe("3.1.0");
    const { content } = body.paths["/models/rent/predict"].post.requestBody;
    expect(content["application/json"].schema.items).toMatchObject({
      required: ["size", "city"],
      properties: { size: { type: ["number", "null"] }, city: { type: ["string", "null"] } },
    });
  });

  it("metrics and the page tell what was answered", async () => {
    const before = serving.facts().models[0]!.versions[0]!.rows;
    await predict([
      { size: 1, city: "a" },
      { size: 2, city: "b" },
    ]);
    expect(serving.facts().models[0]!.versions[0]!.rows).toBe(before + 2);
    const metrics = await (await fetch(url("/metrics"))).text();
    expect(metrics).toContain(`mergeml_rows_total{model="rent",version="1",arm="production"} ${before + 2}`);
    expect(metrics).toMatch(
      /mergeml_latency_milliseconds\{model="rent",version="1",arm="production",quantile="0.99"\} \d/,
    );
    const page = await fetch(url("/"));
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await page.text()).toContain("rent");
  });
});

describe("callers", () => {
  it("bring the token, where there is one", async () => {
    const closed = await registry.serve({ token: "a secret" });
    const asked = (authorization: string) =>
      post(`${closed.url}/models/rent/predict`, [{ size: 1, city: "a" }], authorization ? { authorization } : {});
    expect((await asked("")).status).toBe(401);
    expect((await asked("Bearer a secreT")).status).toBe(401);
    expect((await asked("Bearer a secret")).status).toBe(200);
    expect((await fetch(`${closed.url}/v2/health/ready`)).status).toBe(200);
    expect((await fetch(`${closed.url}/metrics`)).status).toBe(401);
  });

  it("are sent away while there is too much to do", async () => {
    const small = await registry.serve({ limits: { requests: 1 } });
    const { hostname, port } = new URL(small.url);
    const slow = connect(Number(port), hostname);
    slow.write(
      "POST /models/rent/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n[",
    );
    const ask = () => post(`${small.url}/models/rent/predict`, [{ size: 1, city: "a" }]);
    await until(async () => (await ask()).status === 503);
    const { headers, body } = await ask();
    expect(headers.get("retry-after")).toBe("1");
    expect(body.error).toContain("as much to do as it can");
    slow.destroy();
    await until(async () => (await ask()).status === 200);
  });

  it("that never finish sending, or are silent, are let go", async () => {
    // Each limit on a server of its own: where both pass before a busy machine looks, silence ends what had an answer to come.
    const unfinished = "POST /models/rent/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n[";
    for (const [limits, text, answer] of [
      [{ requestTimeout: 200, silence: 60_000 }, unfinished, "HTTP/1.1 408 Request Timeout"],
      [{ requestTimeout: 60_000, silence: 400 }, "", undefined],
    ] as const) {
      const impatient = await registry.serve({ limits });
      const { hostname, port } = new URL(impatient.url);
      const said: string[] = [];
      const socket = connect(Number(port), hostname).setEncoding("utf8");
      socket.on("data", (chunk: string) => said.push(chunk.split("\r\n", 1)[0]!));
      if (text !== "") socket.write(text);
      await once(socket, "close");
      expect(said[0]).toBe(answer);
      expect((await post(`${impatient.url}/models/rent/predict`, [{ size: 1, city: "a" }])).status).toBe(200);
    }
  });

  it("that are being answered when the server ends are answered", async () => {
    const ending = await registry.serve();
    const { hostname, port } = new URL(ending.url);
    const socket = connect(Number(port), hostname).setEncoding("utf8");
    const body = JSON.stringify([{ size: 1, city: "a" }]);
    socket.write(
      `POST /models/rent/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n[`,
    );
    await until(async () =>
      (await (await fetch(`${ending.url}/metrics`)).text()).includes("mergeml_in_flight_requests 1"),
    );
    let answer = "";
    socket.on("data", (chunk: string) => (answer += chunk));
    const drained = ending.drain(5);
    socket.write(body.slice(1));
    await drained;
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
    expect(answer).toContain('"predictions":[101]');
  });

  it("that come over a kept connection when the server ends are answered, and the client is told to leave it", async () => {
    const ending = await registry.serve();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async () => {
      const sent = request(`${ending.url}/models/rent/predict`, {
        agent,
        method: "POST",
        headers: { "content-type": "application/json" },
      });
      sent.end(JSON.stringify([{ size: 1, city: "a" }]));
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      return { status: answer.statusCode, connection: answer.headers.connection, body: await json(answer) };
    };
    expect(await ask()).toMatchObject({ status: 200, connection: "keep-alive" });
    const drained = ending.drain(250);
    expect(await ask()).toMatchObject({ status: 200, connection: "close", body: { predictions: [101] } });
    expect(await drained).toBe(2);
    await expect(ask()).rejects.toThrow("ECONNREFUSED");
  });
});

describe("a webhook", () => {
  it("wakes the server when it is signed, new and about the registry", async () => {
    const secret = "shared";
    const hooked = await registry.serve({ webhookSecret: secret });
    const send = (event: string, id: string, payload: object, key = secret) => {
      const body = JSON.stringify(payload);
      const signature = `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;
      const headers = { "x-github-event": event, "x-github-delivery": id, "x-hub-signature-256": signature };
      return post(`${hooked.url}/webhook`, body, headers);
    };
    expect((await send("push", "1", { ref: "refs/heads/registry" }, "guessed")).status).toBe(401);
    expect((await post(`${hooked.url}/webhook`, {})).status).toBe(401);
    expect((await send("ping", "2", {})).body).toEqual({ woken: false, reason: "the webhook works" });
    expect((await send("push", "3", { ref: "refs/heads/main" })).body.woken).toBe(false);
    expect((await send("issues", "4", {})).body.woken).toBe(false);
    await registry.promote(200);
    expect((await send("push", "5", { ref: "refs/heads/registry" })).body).toMatchObject({ woken: true });
    await until(() => hooked.facts().models[0]?.versions[0]?.version === 2);
    expect((await send("push", "5", { ref: "refs/heads/registry" })).body).toEqual({
      woken: false,
      reason: "this delivery was taken before",
    });
    expect((await send("repository_dispatch", "6", {})).body.woken).toBe(true);
    expect((await post(url("/webhook"), {})).body.error).toContain("takes no webhooks");
  });
});
