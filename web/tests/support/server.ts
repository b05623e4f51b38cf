import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repository } from "./paths.js";

/** Somebody who can register. */
export interface User {
  readonly address: string;
  readonly password: string;
}

/** A SIP server that tests talk to. */
export interface Server extends AsyncDisposable {
  readonly ws: string;
  readonly wss: string;
  readonly users: readonly User[];
}

/** What the test bed prints. */
interface Told {
  readonly domain: string;
  readonly password: string;
  readonly users: readonly string[];
  readonly websocket: { readonly ws: string; readonly wss: string };
}

/** The servers of the test bed: the real one and our own. */
export type ServerKind = "kamailio" | "switch";

const TESTBED = process.env["RVOIP_TESTBED"] ?? join(repository, "target/debug/rvoip-testbed");

/** Starts a server; it ends with its standard input. */
export async function startServer(kind: ServerKind): Promise<Server> {
  const process = spawn(TESTBED, [kind], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise<never>((_, reject) => {
    process.on("error", reject);
    process.on("exit", (status) => reject(new Error(`rvoip-testbed ${kind} ended with status ${status}`)));
  });
  gone.catch(() => undefined);
  const [line] = await Promise.race([once(createInterface(process.stdout)), gone]);
  const { domain, password, users, websocket } = JSON.parse(line) as Told;
  return {
    ...websocket,
    users: users.map((user) => ({ address: `sip:${user}@${domain}`, password })),
    async [Symbol.asyncDispose]() {
      process.stdin.end();
      const exited = new Promise((resolve) => process.on("exit", resolve));
      if (process.exitCode === null && process.signalCode === null) {
        const late = setTimeout(() => process.kill(), 5000);
        await exited;
        clearTimeout(late);
      }
    },
  };
}

function once(lines: NodeJS.EventEmitter): Promise<[string]> {
  return new Promise((resolve) => lines.once("line", (line: string) => resolve([line])));
}
