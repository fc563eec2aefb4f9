import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { packed } from "./tools.ts";

/** A packed release as adopters have it: the commit with its actions, and the server of its archive. */
interface ServedRelease extends AsyncDisposable {
  tool: string;
  mirror: string;
}

/** Serves the archives of a folder that `npm run package` wrote, by default the one that was packed for this run of the tests. */
export async function serveRelease(dist = packed): Promise<ServedRelease> {
  const server: Server = createServer(({ url = "" }, response) =>
    createReadStream(join(dist, basename(url)))
      .on("error", () => response.writeHead(404).end())
      .pipe(response),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    tool: join(dist, "release"),
    mirror: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
