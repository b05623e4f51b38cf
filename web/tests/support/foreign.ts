import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What a WebSocket server does that is none for SIP. */
export interface Behaviour {
  /** The subprotocol that it chooses, if any; `undefined` refuses the handshake. */
  readonly protocol: string | null | undefined;
  /** What it sends as one text message as soon as something comes. */
  readonly says?: string;
}

export interface ForeignServer extends AsyncDisposable {
  readonly url: string;
  /** How many connections were ever tried. */
  connections(): number;
  /** Whether it has said what it says. */
  answered(): boolean;
}

/** A WebSocket server of the barest kind, which browsers let in and SIP need not. */
export async function foreign({ protocol, says }: Behaviour): Promise<ForeignServer> {
  const sockets = new Set<Socket>();
  let count = 0;
  let answered = false;
  const server = createServer((_, response) => response.writeHead(404).end());
  server.on("upgrade", (request, socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    if (protocol === undefined) return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}`,
      ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    if (says === undefined) return;
    socket.once("data", () => {
      answered = true;
      socket.write(frame(says));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => count,
    answered: () => answered,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One text message as a server sends it: whole, and not masked, its length in as few bytes as it takes (RFC 6455 §5.2). */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(length < 126 ? length : length < 65_536 ? 126 : 127, 1);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
