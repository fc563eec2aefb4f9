import { expect, test } from "vitest";
import { sourceSecrets } from "../../actions/shared/source-secrets.ts";

test("each line is a variable whose value is masked", () => {
  const masked: string[] = [];
  const text = "SHOP_URL=postgres://a:b=c@d/e\n\n# the lake\r\nAWS_SECRET_ACCESS_KEY=x=y\nEMPTY=\n";
  expect(sourceSecrets(text, (value) => masked.push(value))).toEqual({
    SHOP_URL: "postgres://a:b=c@d/e",
    AWS_SECRET_ACCESS_KEY: "x=y",
    EMPTY: "",
  });
  expect(masked).toEqual(["postgres://a:b=c@d/e", "x=y"]);
  expect(sourceSecrets(undefined, () => {})).toEqual({});
});

test.each(["no equals sign s3cret", "shop=s3cret", "GITHUB_TOKEN=s3cret", "NODE_OPTIONS=s3cret"])(
  "%s is refused without its value",
  (line) => {
    const read = () => sourceSecrets(`A=1\n${line}`, () => {});
    expect(read).toThrow("line 2 of the secret MERGEML_SOURCES is not NAME=value");
    expect(read).not.toThrow("s3cret");
  },
);
