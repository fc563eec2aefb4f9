import { describe, expect, it } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { readServerSettings } from "../../pipelines/mlflow/server-settings.ts";

describe("MLFLOW_TRACKING_URI", () => {
  const good = [
    { uri: "http://localhost:5000", url: "http://localhost:5000" },
    { uri: " https://mlflow.example.org/team/ ", url: "https://mlflow.example.org/team" },
    { uri: "https://ada:p%40ss@mlflow.example.org?x=1#y", url: "https://mlflow.example.org" },
  ];
  it.each(good)("$uri is the server $url", ({ uri, url }) => {
    expect(readServerSettings({ MLFLOW_TRACKING_URI: uri }).url).toBe(url);
  });

  it("may hold user and password", () => {
    const { authorization, secrets } = readServerSettings({ MLFLOW_TRACKING_URI: "https://ada:p%40ss@example.org" });
    expect(authorization).toBe(`Basic ${Buffer.from("ada:p@ss").toString("base64")}`);
    expect(secrets).toEqual(expect.arrayContaining(["p@ss", "p%40ss"]));
  });

  const bad = [
    { uri: "sqlite:///hunter2.db", message: "MLFLOW_TRACKING_URI is a sqlite: URI; only MLflow servers" },
    { uri: "databricks", message: "MLFLOW_TRACKING_URI is not a URI; only MLflow servers" },
    { uri: "file:///hunter2/mlruns", message: "MLFLOW_TRACKING_URI is a file: URI; only MLflow servers" },
  ];
  it.each(bad)("$uri is refused, without its text", ({ uri, message }) => {
    const read = () => readServerSettings({ MLFLOW_TRACKING_URI: uri });
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
    expect(read).not.toThrow("hunter2");
  });

  it("goes with a token that a header can have", () => {
    const env = { MLFLOW_TRACKING_URI: "http://localhost", MLFLOW_TRACKING_TOKEN: "to\nken" };
    expect(() => readServerSettings(env)).toThrow(
      "MLFLOW_TRACKING_TOKEN has characters that a request header cannot have",
    );
  });
});
