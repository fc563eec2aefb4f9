import { UserError } from "../../../errors/user-error.ts";

/** Where a Thrift server answers, and what it is told about us; the header is a secret. */
export interface Endpoint {
  /** Without user and password. */
  url: string;
  authorization: string;
  /** The server for messages: host and port. */
  host: string;
}

/**
 * From the address that people write: `https://user:password@host:10001/cliservice`, or `http:` in a network of one's own. The
 * path is `/cliservice` unless there is another. Throws UserError, which tells nothing of the address.
 */
export function readEndpoint(address: string, variable: string): Endpoint {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new UserError({
      message: `${variable} is no address of a Spark Thrift server`,
      hint: "write https://user:password@host:10001/cliservice; the server listens so with hive.server2.transport.mode=http",
    });
  }
  const [user, password] = [url.username, url.password].map(decodeURIComponent);
  // A server that asks for nobody still wants both.
  const credentials = Buffer.from(`${user || "anonymous"}:${password || "anonymous"}`).toString("base64");
  const { origin, pathname, host, search } = url;
  return {
    url: `${origin}${pathname === "/" ? "/cliservice" : pathname}${search}`,
    authorization: `Basic ${credentials}`,
    host,
  };
}
