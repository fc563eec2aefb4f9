import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface CuttingProxy extends AsyncDisposable {
  port: number;
  cuts(): number;
}

/** Stands before a server that does not speak HTTP, and cuts each connection after as many bytes as `bytesOf` says; null for never. */
export async function startCuttingProxy(target: number, bytesOf: () => number | null): Promise<CuttingProxy> {
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    const onward = connect(target, "127.0.0.1");
    let left = bytesOf() ?? Number.POSITIVE_INFINITY;
    const end = () => {
      incoming.destroy();
      onward.destroy();
    };
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0 || incoming.destroyed) return;
      cuts += 1;
      end();
    };
    for (const socket of [incoming, onward]) {
      open.add(socket);
      socket.on("error", end).on("close", () => {
        open.delete(socket);
        end();
      });
      socket.on("data", count);
    }
    incoming.pipe(onward);
    onward.pipe(incoming);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
