// Verbs that are withdrawn, and clients that are forgotten: what is left of them in the core.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../dist/client.js";
import type { MediaPlatform } from "../../dist/media.js";
import { turn } from "../support/turn.js";
import { world } from "../support/world.js";

/** A client of a world of its own, with a call that is up. */
async function talking() {
  const harness = world(1);
  const client = Client.over(harness.client({}), {} as MediaPlatform);
  const account = await client.account("sip:alice@example.com").add();
  const call = await account.call("sip:bob@example.com");
  const steps = [{ expect: "INVITE", sdp: "sendrecv" }, { respond: 200, sdp: "sendrecv" }, { expect: "ACK" }];
  for (const step of steps) harness.peer(JSON.stringify(step));
  assert.equal(call.info?.state, "connected");
  return { harness, client, call };
}

test("an abort in the same turn withdraws the verb, as one later does", async () => {
  const { harness, call } = await talking();
  for (const later of [false, true]) {
    const before = harness.submitted();
    const abort = new AbortController();
    const reason = new Error("enough");
    const digits = call.collectDigits(1, Infinity, { signal: abort.signal });
    assert.deepEqual([harness.submitted(), harness.counts()[1]], [before + 1, 1]);
    if (later) await turn();
    abort.abort(reason);
    await assert.rejects(digits, (error) => error === reason);
    assert.equal(harness.counts()[1], 0, "the command still waits");
  }
});
