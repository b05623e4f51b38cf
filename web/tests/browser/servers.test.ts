// Servers that are none for SIP: an error that says so, soon, and a page that can still register elsewhere.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { foreign } from "../support/foreign.js";
import type { Behaviour } from "../support/foreign.js";
import { web } from "../support/paths.js";
import { serve } from "../support/serve.js";
import type { Site } from "../support/serve.js";
import { startServer } from "../support/server.js";
import type { Server } from "../support/server.js";
import { Phone, Voices } from "./driver.js";

let voices: Voices;
let site: Site;
let server: Server;
let phone: Phone;

before(async () => {
  [voices, site, server] = await Promise.all([Voices.start(), serve({ "/": web }), startServer("switch")]);
  const [user] = server.users;
  assert.ok(user);
  phone = await Phone.load(voices.alice, site.url, user);
});

after(async () => {
  await phone?.close();
  await Promise.all([voices?.[Symbol.asyncDispose](), site?.[Symbol.asyncDispose](), server?.[Symbol.asyncDispose]()]);
});

const TOO_LARGE = `SIP/2.0 200 OK\r\nX: ${"x".repeat(1 << 20)}\r\n\r\n`;

const FOREIGN: readonly (readonly [what: string, behaviour: Behaviour, reason: RegExp])[] = [
  ["refuses the handshake", { protocol: undefined }, /cannot connect/],
  ["chooses no subprotocol", { protocol: null }, /cannot connect/],
  ["chooses a subprotocol that was not offered", { protocol: "mqtt" }, /cannot connect/],
  ["sends a message that is too large", { protocol: "sip", says: TOO_LARGE }, /too large/],
];

for (const [what, behaviour, reason] of FOREIGN) {
  test(`a server that ${what} cannot be reached`, async () => {
    await using other = await foreign(behaviour);
    const began = Date.now();
    const address = `sip:${what.replaceAll(" ", "-")}@example.com`;
    const failure = await phone.page.evaluate(
      ([address, server]) => globalThis.phone.refusal(address, server),
      [address, other.url] as const,
    );
    assert.equal(failure.kind, "unreachable");
    assert.match(failure.reason, reason);
    // Not for want of an answer, which takes 64 T1.
    assert.ok(Date.now() - began < 15_000, `after ${Date.now() - began} ms`);
    assert.ok(other.connections() >= 1);
  });
}

test("what a server sends that is no SIP is not heard, and the connection stays", async () => {
  await using other = await foreign({ protocol: "sip", says: "\u{0}\u{fffd}not SIP\r\n\r\n" });
  const soon = await phone.page.evaluate(
    (server) =>
      Promise.race([
        globalThis.phone.refusal("sip:nonsense@example.com", server),
        new Promise<string>((resolve) => setTimeout(() => resolve("still waiting"), 3_000)),
      ]),
    other.url,
  );
  assert.equal(soon, "still waiting");
  assert.deepEqual([other.answered(), other.connections()], [true, 1]);
});

test("the same page registers at a server for SIP afterwards", async () => {
  await phone.register(server.ws);
  assert.equal((await phone.last("registration_changed"))?.state, "registered");
});
