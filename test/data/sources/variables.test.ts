import { expect, test } from "vitest";
import { MissingCredential, variableOf } from "../../../pipelines/data/sources/missing-credential.ts";
import { redactor } from "../../../pipelines/data/sources/redact.ts";

test("a source's value comes from the variable it names", () => {
  expect(variableOf("shop", { env: "SHOP_URL" }, { SHOP_URL: " postgres://a \n" })).toBe("postgres://a");
});

test.each([undefined, "", "  "])("a variable that is %j is missing, and says which", (value) => {
  const ask = () => variableOf("shop", { env: "SHOP_URL" }, { SHOP_URL: value });
  expect(ask).toThrow(MissingCredential);
  expect(ask).toThrow("the source shop needs the environment variable SHOP_URL, which is not set");
});

test.each([
  [
    "an address",
    "postgres://ann:s3cr%2Fet-word@host/db",
    'failed for ann with "s3cr/et-word"',
    'failed for ann with "***"',
  ],
  [
    "a whole address",
    "postgres://ann:s3cret-word@host/db",
    "cannot open postgres://ann:s3cret-word@host/db",
    "cannot open ***",
  ],
  ["a key", "wJalrXUtnFEMI/K7MDENG", "?secret=wJalrXUtnFEMI%2FK7MDENG&x", "?secret=***&x"],
  ["a connection string", "AccountName=a;AccountKey=Zm9vYmFy;Blob=x", "with Zm9vYmFy it failed", "with *** it failed"],
  ["a short value", "a", "a short word", "a short word"],
])("%s is hidden", (_title, value, text, shown) => {
  expect(redactor([value])(text)).toBe(shown);
});
