import { UserError } from "../../pipelines/errors/expected-error.ts";

/**
 * What the secret MERGEML_SOURCES has for the variables that sources name, one `NAME=value` a line; `mask` is told each value,
 * so that the runner hides it in all logs. Throws UserError for a line of another form, without its text.
 */
export function sourceSecrets(text: string | undefined, mask: (value: string) => void): Record<string, string> {
  const lines = (text ?? "").split("\n").map((line) => line.trim());
  return Object.fromEntries(
    lines.flatMap((line, at) => {
      if (line === "" || line.startsWith("#")) return [];
      const [, name = "", value = ""] = /^([A-Z][A-Z0-9_]{0,99})=(.*)$/.exec(line) ?? [];
      if (name === "" || /^(GITHUB|ACTIONS|RUNNER|INPUT|MERGEML|NODE|GH)_/.test(name))
        throw new UserError({
          message: `line ${at + 1} of the secret MERGEML_SOURCES is not NAME=value, or is a variable of the job's own`,
          hint: "for example SHOP_URL=postgres://reader:…@host/shop",
        });
      if (value !== "") mask(value);
      return [[name, value]];
    }),
  );
}
