import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The dashboard on this machine alone. */
export interface ServedDashboard {
  url: string;
  close(): Promise<void>;
}

/** Serves the pages at 127.0.0.1, built anew for each look at the first one. */
export async function serveDashboard(
  build: () => Promise<Map<string, string>>,
  port: number,
): Promise<ServedDashboard> {
  let pages = await build();
  const server = createServer(async (request, response) => {
    const path = decodePath(request.url ?? "/");
    try {
      if (path === "index.html") pages = await build();
    } catch (error) {
      return response
        .writeHead(500, { "content-type": "text/plain; charset=utf-8" })
        .end(String((error as Error).message));
    }
    const page = pages.get(path);
    const headers = {
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    };
    if (page === undefined)
      return response.writeHead(404, { ...headers, "content-type": "text/plain" }).end("no such page");
    return response.writeHead(200, headers).end(page);
  });
  server.requestTimeout = 30_000;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function decodePath(url: string): string {
  const path = url.split(/[?#]/)[0]!.slice(1);
  return path === "" ? "index.html" : path;
}
