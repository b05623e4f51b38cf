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

const ANSWER = "SIP/2.0 200 OK\r\nX: ";
const TOO_LARGE = `${ANSWER}${"x".repeat(1 << 20)}\r\n\r\n`;

const FOREIGN: readonly (readonly [what: string, behaviour: Behaviour])[] = [
  ["refuses the handshake", { protocol: undefined }],
  ["chooses no subprotocol", { protocol: null }],
  ["chooses a subprotocol that was not offered", { protocol: "mqtt" }],
  ["sends what is no SIP", { protocol: "sip", says: "\u{0}\u{fffd}not SIP\r\n\r\n" }],
  ["sends a message that is too large", { protocol: "sip", says: TOO_LARGE }],
];

for (const [what, behaviour] of FOREIGN) {
  test(`a server that ${what} cannot be reached`, async () => {
    await using other = await foreign(behaviour);
    const began = Date.now();
    const outcome = await phone.page.evaluate(
      ([address, server]) =>
        globalThis.outcomeOf(globalThis.phone.client.account(address, { password: "x", outbound_proxy: server }).register()),
      [`sip:${what.replaceAll(" ", "-")}@example.com`, other.url] as const,
    );
    assert.deepEqual(outcome, { kind: "unreachable", status: null });
    // Not for want of an answer, which takes 64 T1.
    assert.ok(Date.now() - began < 15_000, `after ${Date.now() - began} ms`);
    assert.ok(other.connections() >= 1);
  });
}

test("the same page registers at a server for SIP afterwards", async () => {
  await phone.register(server.ws);
  assert.equal((await phone.last("registration_changed"))?.state, "registered");
});
