import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** Takes connections and says nothing, so that who reads a registry there waits. */
interface SilentForge extends AsyncDisposable {
  url: string;
  /** Once somebody has come. */
  asked: Promise<unknown>;
  /** Ends the connections that there are and those that come. */
  hangUp(): void;
}

/** Listens on a free port of this machine. */
export async function silentForge(): Promise<SilentForge> {
  const sockets: Socket[] = [];
  let over = false;
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    if (over) socket.destroy();
  });
  const asked = once(server, "connection");
  const hangUp = () => {
    over = true;
    for (const socket of sockets) socket.destroy();
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    hangUp,
    async [Symbol.asyncDispose]() {
      hangUp();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
