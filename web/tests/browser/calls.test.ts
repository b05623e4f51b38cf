import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ServerKind } from "../support/server.js";
import type { Phone } from "./driver.js";
import { Pair } from "./pair.js";

for (const kind of ["kamailio", "switch"] satisfies ServerKind[]) {
  describe(`two pages at ${kind}`, () => {
    let pair: Pair;
    let alice: Phone;
    let bob: Phone;

    before(async () => {
      pair = await Pair.open(kind);
      ({ alice, bob } = pair);
    });

    after(() => pair?.[Symbol.asyncDispose]());

    test("hear each other over ws and wss, on hold hear nothing, and hear again", async () => {
      const [own, others] = await alice.callTo(bob);
      const listen = (): Promise<unknown> => Promise.all([alice.listen(own, 4), bob.listen(others, 4)]);
      await listen();
      const { statistics } = (await alice.last("statistics_updated")) ?? {};
      assert.ok(statistics !== undefined && statistics.received.packets > 50, JSON.stringify(statistics));
      assert.ok((statistics.received.mos ?? 0) > 1 && statistics.codec === "opus", JSON.stringify(statistics));

      for (const [holder, key, held, heldKey] of [
        [alice, own, bob, others],
        [bob, others, alice, own],
      ] as const) {
        await Promise.all([holder.forget(), held.forget()]);
        await holder.run(key, "hold");
        await holder.event("hold_changed", { call: key, held_by_us: true, held_by_peer: false });
        await held.event("hold_changed", { call: heldKey, held_by_us: false, held_by_peer: true });
        await held.page.waitForTimeout(500);
        await held.listenToSilence(heldKey);
        await holder.run(key, "resume");
        await held.event("hold_changed", { call: heldKey, held_by_us: false, held_by_peer: false });
      }
      await listen();
      await alice.run(own, "hangUp");
      assert.deepEqual([await alice.cause(own), await bob.cause(others)], ["local_hang_up", "remote_hang_up"]);
    });

    test("tell how loud both sides are, and the round trip", async () => {
      const [own, others] = await bob.callTo(alice);
      await alice.forget();
      for (let loud = false; !loud; ) {
        const { sent, received } = await alice.event("levels_updated", { call: others });
        assert.ok(sent >= 0 && sent <= 1 && received >= 0 && received <= 1, `${sent} ${received}`);
        loud = sent > 0.02 && received > 0.02;
      }
      await alice.run(others, "mute", true);
      for (let silent = false; !silent; ) silent = (await bob.event("levels_updated", { call: own })).received < 0.005;
      for (let known = false; !known; ) {
        const { statistics } = await alice.event("statistics_updated", { call: others });
        known = statistics.round_trip_ms !== null && statistics.round_trip_ms < 1000 && statistics.sent.mos !== null;
      }
      await bob.run(own, "hangUp");
    });

    test("send key presses, texts and silence within a call", async () => {
      const [own, others] = await bob.callTo(alice);
      for (const [from, of, to, at] of [
        [bob, own, alice, others],
        [alice, others, bob, own],
      ] as const) {
        const digits = to.run(at, "collectDigits", 4, 15_000);
        await from.run(of, "sendDtmf", "12#A");
        assert.equal(await digits, "12#A");
        await to.forget();
        await from.run(of, "message", "written within the call");
        assert.equal((await to.event("message_received", { call: at })).text, "written within the call");
      }
      await bob.run(own, "mute", true);
      await alice.page.waitForTimeout(500);
      await alice.listenToSilence(others);
      await bob.run(own, "mute", false);
      await alice.listen(others, 3);
      await alice.run(others, "hangUp");
      assert.deepEqual([await alice.cause(others), await bob.cause(own)], ["local_hang_up", "remote_hang_up"]);
    });

    test("take key presses that follow fast on each other one after the other", async () => {
      const [own, others] = await alice.callTo(bob);
      const digits = bob.run(others, "collectDigits", 3, 15_000);
      const presses = await Promise.all(["1", "2", "3"].map((key) => alice.try(own, "sendDtmf", key)));
      assert.deepEqual(presses, ["1", "2", "3"].map(() => ({ value: undefined })));
      assert.equal(await digits, "123");
      await alice.run(own, "hangUp");
    });

    test("refuse what a page cannot do, and the call goes on", async () => {
      const [own, others] = await alice.callTo(bob);
      for (const [verb, ...what] of [
        ["play", { type: "file", path: "hello.wav", repeat: false }],
        ["play", { type: "echo" }],
        ["play", { type: "frames" }],
        ["record", { type: "file", path: "heard.wav" }],
        ["record", { type: "frames" }],
        ["stopRecording"],
      ] as const) {
        assert.deepEqual(await alice.try(own, verb, ...what), { kind: "unsupported", status: null }, JSON.stringify([verb, what]));
      }
      await bob.listen(others, 3);
      await alice.run(own, "hangUp");
    });

    test("hold each other at once: both come through", async () => {
      const [own, others] = await alice.callTo(bob);
      await Promise.all([alice.run(own, "hold"), bob.run(others, "hold")]);
      await alice.event("hold_changed", { call: own, held_by_us: true, held_by_peer: true });
      await Promise.all([alice.run(own, "resume"), bob.run(others, "resume")]);
      await Promise.all([alice.listen(own, 3), bob.listen(others, 3)]);
      await bob.run(others, "hangUp");
    });

    test("write to each other outside of a call", async () => {
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        await to.forget();
        const answer = await from.page.evaluate((to) => globalThis.phone.account.message(to, "hello"), to.user.address);
        assert.equal(answer.status, 200);
        const { text, from: sender, call } = await to.event("message_received");
        assert.deepEqual([text, call], ["hello", null]);
        assert.ok(sender.includes(from.user.address), sender);
      }
    });

    test("refuse a call, and both sides know why it ended", async () => {
      await bob.forget();
      const own = await alice.place(bob.user.address);
      const { call: others } = await bob.event("incoming_call");
      await bob.run(others, "reject", 486);
      assert.deepEqual(await alice.try(own, "answered"), { kind: "rejected", status: 486 });
      assert.deepEqual([await alice.cause(own), await bob.cause(others)], ["rejected", "rejected"]);
    });

    test("give up a call that rings, and it rings no more", async () => {
      await bob.forget();
      const own = await alice.place(bob.user.address);
      const { call: others } = await bob.event("incoming_call");
      await alice.run(own, "hangUp");
      assert.deepEqual([await alice.cause(own), await bob.cause(others)], ["local_hang_up", "cancelled"]);
      assert.deepEqual(await bob.try(others, "answer"), { kind: "call_ended", status: null });
    });

    test("calling nobody and a wrong password are errors of their kind", async () => {
      const nobody = await alice.place(alice.user.address.replace(/^sip:[^@]*/, "sip:nobody"));
      const outcome = await alice.try(nobody, "answered");
      assert.ok("kind" in outcome && outcome.kind === "rejected" && outcome.status === 404, JSON.stringify(outcome));
      const wrong = await bob.page.evaluate(
        ([address, server]) =>
          globalThis.outcomeOf(globalThis.phone.client.account(address, { password: "wrong", outbound_proxy: server }).register()),
        [pair.carol.address, pair.server.ws] as const,
      );
      assert.ok("kind" in wrong && wrong.kind === "authentication_failed", JSON.stringify(wrong));
    });

    test("no page complained of anything", () => pair.assertContent());
  });
}
