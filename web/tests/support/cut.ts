import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A TCP proxy whose connections can be cut. */
export interface Cut extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection and takes no new one for a while. */
  cut(milliseconds: number): Promise<void>;
  /** How many connections were ever made. */
  connections(): number;
}

/** Stands in front of a local server. */
export async function cutInFrontOf(host: string, port: number): Promise<Cut> {
  const sockets = new Set<Socket>();
  let count = 0;
  let refusing = false;
  const server = createServer((near) => {
    if (refusing) return void near.resetAndDestroy();
    count += 1;
    const far = connect(port, host);
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cutAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    async cut(milliseconds) {
      refusing = true;
      cutAll();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      refusing = false;
    },
    connections: () => count,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cutAll();
      await closed;
    },
  };
}
