import assert from "node:assert/strict";
import type { Page, WebSocketRoute } from "playwright-core";

const ADDRESS = "wss://peer.example.com/sip";

/** A SIP peer that a test writes: what a page sends to `wss://peer.example.com/sip` comes here. */
export class ScriptedPeer {
  readonly address = ADDRESS;
  readonly #received: string[] = [];
  readonly #waiting = new Set<() => void>();
  #socket: WebSocketRoute | undefined;

  static async behind(page: Page): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer();
    await page.routeWebSocket(ADDRESS, (socket) => {
      peer.#socket = socket;
      socket.onMessage((message) => {
        peer.#received.push(message.toString());
        for (const wake of peer.#waiting) wake();
      });
    });
    return peer;
  }

  /** The next request of a method; what comes before it is forgotten. */
  expect(method: string): Promise<Message> {
    return this.#next(method, (text) => text.startsWith(`${method} `));
  }

  /** The final response to a request of ours; what comes before it is forgotten. */
  async expectResponse(cseq: string): Promise<string> {
    const isIt = (text: string): boolean => /^SIP\/2\.0 [2-6]/.test(text) && text.includes(`CSeq: ${cseq}\r\n`);
    return (await this.#next(`response to ${cseq}`, isIt)).text;
  }

  async #next(what: string, isIt: (text: string) => boolean): Promise<Message> {
    for (;;) {
      const index = this.#received.findIndex(isIt);
      const text = this.#received[index];
      if (text !== undefined) {
        this.#received.splice(0, index + 1);
        return new Message(text);
      }
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no ${what} came, but ${this.#received.join("\n")}`)), 15_000);
        const wake = (): void => {
          clearTimeout(late);
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Sends something as it is. */
  send(text: string): void {
    assert.ok(this.#socket, "no page has connected");
    this.#socket.send(text);
  }

  /** Answers a request. */
  answer(request: Message, status: string, tag: string, sdp = ""): void {
    const [to = ""] = request.lines("To");
    const copied = ["Via", "From", "Call-ID", "CSeq", "Record-Route"].flatMap((name) => request.lines(name));
    const lines = [
      `SIP/2.0 ${status}`,
      ...copied,
      to.includes(";tag=") ? to : `${to};tag=${tag}`,
      `Contact: <sip:${tag}@peer.example.com;transport=ws>`,
      ...(sdp === "" ? [] : ["Content-Type: application/sdp"]),
      `Content-Length: ${Buffer.byteLength(sdp)}`,
    ];
    this.send(`${lines.join("\r\n")}\r\n\r\n${sdp}`);
  }
}

/** What a page sent. */
export class Message {
  readonly text: string;
  readonly body: string;
  readonly #head: readonly string[];

  constructor(text: string) {
    this.text = text;
    const [head = "", body = ""] = text.split("\r\n\r\n");
    this.#head = head.split("\r\n");
    this.body = body;
  }

  /** The header fields of a name, as lines. */
  lines(name: string): string[] {
    return this.#head.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  }
}

/** The ICE user name that a message describes. */
export function ufrag(message = ""): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(message)?.[1];
}
