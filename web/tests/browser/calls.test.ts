import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { startChromium } from "../support/chromium.js";
import { cutInFrontOf } from "../support/cut.js";
import { repository, web } from "../support/paths.js";
import { serve } from "../support/serve.js";
import type { Site } from "../support/serve.js";
import { startServer } from "../support/server.js";
import type { Server, ServerKind, User } from "../support/server.js";
import { Phone, assertSilence, assertSpeech } from "./driver.js";

const CLIP = join(repository, "tests/vectors/speech/alice.wav");

let browser: Browser;
let site: Site;

before(async () => {
  [browser, site] = await Promise.all([startChromium(CLIP), serve({ "/": web })]);
});

after(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
});

for (const kind of ["kamailio", "switch"] satisfies ServerKind[]) {
  describe(`two pages at ${kind}`, () => {
    let server: Server;
    let alice: Phone;
    let bob: Phone;

    const user = (index: number): User => {
      const found = server.users[index];
      assert.ok(found, "the server has too few users");
      return found;
    };

    before(async () => {
      server = await startServer(kind);
      [alice, bob] = await Promise.all([
        Phone.open(browser, site.url, user(0), server.ws),
        Phone.open(browser, site.url, user(1), server.wss),
      ]);
    });

    after(async () => {
      await alice?.close();
      await bob?.close();
      await server?.[Symbol.asyncDispose]();
    });

    test("hear each other over ws and wss, on hold hear nothing, and hear again", async () => {
      const [own, others] = await alice.callTo(bob);
      const listen = (seconds: number) =>
        Promise.all([alice.listen(own, seconds, CLIP), bob.listen(others, seconds, CLIP)]);
      (await listen(4)).forEach(assertSpeech);
      const { statistics } = (await alice.last("statistics_updated")) ?? {};
      assert.ok(statistics !== undefined && statistics.received.packets > 50, JSON.stringify(statistics));
      assert.ok((statistics.received.mos ?? 0) > 3.5 && statistics.round_trip_ms !== null, JSON.stringify(statistics));
      const levels = await bob.event("levels_updated", { call: others });
      assert.ok(levels.sent >= 0 && levels.sent <= 1 && levels.received <= 1, JSON.stringify(levels));

      for (const [holder, key, held, heldKey] of [
        [alice, own, bob, others],
        [bob, others, alice, own],
      ] as const) {
        await Promise.all([holder.forget(), held.forget()]);
        await holder.run(key, "hold");
        await holder.event("hold_changed", { call: key, held_by_us: true, held_by_peer: false });
        await held.event("hold_changed", { call: heldKey, held_by_us: false, held_by_peer: true });
        await held.page.waitForTimeout(500);
        assertSilence(await held.listen(heldKey, 1, CLIP));
        await holder.run(key, "resume");
        await held.event("hold_changed", { call: heldKey, held_by_us: false, held_by_peer: false });
      }
      (await listen(4)).forEach(assertSpeech);
      await alice.run(own, "hangUp");
      assert.deepEqual([await alice.cause(own), await bob.cause(others)], ["local_hang_up", "remote_hang_up"]);
    });

    test("send key presses, texts and silence within a call", async () => {
      const [own, others] = await bob.callTo(alice);
      const digits = alice.run(others, "collectDigits", 4, 15_000);
      await bob.run(own, "sendDtmf", "12#A");
      assert.equal(await digits, "12#A");
      await alice.run(others, "message", "written within the call");
      const message = await bob.event("message_received", { call: own });
      assert.equal(message.text, "written within the call");
      await bob.run(own, "mute", true);
      await alice.page.waitForTimeout(500);
      assertSilence(await alice.listen(others, 1, CLIP));
      await bob.run(own, "mute", false);
      assertSpeech(await alice.listen(others, 3, CLIP));
      await alice.run(others, "hangUp");
      assert.deepEqual([await alice.cause(others), await bob.cause(own)], ["local_hang_up", "remote_hang_up"]);
    });

    test("write to each other outside of a call", async () => {
      await bob.forget();
      const answer = await alice.page.evaluate((to) => globalThis.phone.account.message(to, "hello"), bob.user.address);
      assert.equal(answer.status, 200);
      const { text, from, call } = await bob.event("message_received");
      assert.deepEqual([text, call], ["hello", null]);
      assert.ok(from.includes(alice.user.address), from);
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
      const wrong = await alice.page.evaluate(
        ([address, server]) =>
          globalThis.outcomeOf(
            globalThis.phone.client
              .account(address, { password: "wrong", outbound_proxy: server })
              .register()
              .then(() => "registered"),
          ),
        [user(2).address, server.ws] as const,
      );
      assert.ok("kind" in wrong && wrong.kind === "authentication_failed", JSON.stringify(wrong));
    });

    test("find each other again when the socket is cut in the middle of a call", async () => {
      const behind = new URL(server.ws);
      await using proxy = await cutInFrontOf(behind.hostname, Number(behind.port));
      behind.port = String(proxy.port);
      const carol = await Phone.open(browser, site.url, user(2), behind.href);
      const [own, others] = await carol.callTo(bob);
      assertSpeech(await bob.listen(others, 3, CLIP));
      await carol.forget();
      const connections = proxy.connections();
      await proxy.cut(700);
      await carol.event("recovering");
      assertSpeech(await bob.listen(others, 3, CLIP));
      await carol.event("recovered");
      assert.ok(proxy.connections() > connections);
      await bob.forget();
      await carol.run(own, "hold");
      await bob.event("hold_changed", { call: others, held_by_peer: true });
      await carol.run(own, "resume");
      assertSpeech(await carol.listen(own, 3, CLIP));
      await bob.run(others, "hangUp");
      assert.equal(await carol.cause(own), "remote_hang_up");
      await carol.close();
    });

    test("a page that is closed in the middle of a call leaves none at its peer", async () => {
      const before = await bob.calls();
      const carol = await Phone.open(browser, site.url, user(2), server.wss);
      const [, others] = await carol.callTo(bob);
      await carol.closePage();
      assert.equal(await bob.cause(others), "remote_hang_up");
      assert.equal(await bob.calls(), before);
    });

    test("no page complained of anything", () => {
      assert.deepEqual([...alice.complaints, ...bob.complaints], []);
    });
  });
}
