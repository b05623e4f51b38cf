// Sockets that are cut and pages that go away, in whatever state their calls are.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cutInFrontOf } from "../support/cut.js";
import type { ServerKind } from "../support/server.js";
import { Phone } from "./driver.js";
import { Pair } from "./pair.js";
import { ufrag } from "./scripted.js";

for (const kind of ["kamailio", "switch"] satisfies ServerKind[]) {
  describe(`a page at ${kind}`, () => {
    let pair: Pair;
    let bob: Phone;

    before(async () => {
      pair = await Pair.open(kind);
      ({ bob } = pair);
    });

    after(() => pair?.[Symbol.asyncDispose]());

    const carol = (server: string): Promise<Phone> => Phone.open(pair.voices.alice, pair.site.url, pair.carol, server);

    for (const scheme of ["ws", "wss"] as const) {
      test(`is found again when its socket over ${scheme} is cut in the middle of a call`, async () => {
        const behind = new URL(pair.server[scheme]);
        await using proxy = await cutInFrontOf(behind.hostname, Number(behind.port));
        behind.port = String(proxy.port);
        const caller = await carol(behind.href);
        const [own, others] = await caller.callTo(bob);
        await bob.listen(others, 3);
        await caller.forget();
        const [connections, sent] = [proxy.connections(), caller.sent.length];
        await proxy.cut(700);
        await caller.event("recovering", { call: own });
        await bob.listen(others, 3);
        await caller.event("recovered", { call: own });
        assert.ok(proxy.connections() > connections);
        // The network may be another one: the re-INVITE offers new candidates (RFC 8445 §9).
        const offers = caller.sent.slice(sent).filter((text) => text.startsWith("INVITE "));
        assert.ok(offers.length > 0 && offers.every((text) => /^a=candidate:/m.test(text)), offers.join("\n"));
        const before = caller.sent.slice(0, sent).filter((text) => text.startsWith("INVITE "));
        assert.notEqual(ufrag(offers.at(-1)), ufrag(before.at(-1)));
        await bob.forget();
        await caller.run(own, "hold");
        await bob.event("hold_changed", { call: others, held_by_peer: true });
        await caller.run(own, "resume");
        await Promise.all([caller.listen(own, 3), bob.listen(others, 3)]);
        await bob.run(others, "hangUp");
        assert.equal(await caller.cause(own), "remote_hang_up");
        await caller.close();
      });
    }

    test("that is closed in the middle of a call leaves none at its peer", async () => {
      const caller = await carol(pair.server.wss);
      const [, others] = await caller.callTo(bob);
      await caller.closePage();
      assert.equal(await bob.cause(others), "remote_hang_up");
      assert.equal(await bob.calls(), 0);
    });

    test("that is closed while it calls lets it ring no more", async () => {
      const caller = await carol(pair.server.ws);
      await bob.forget();
      await caller.place(bob.user.address);
      const { call: others } = await bob.event("incoming_call");
      await caller.closePage();
      assert.equal(await bob.cause(others), "cancelled");
      assert.equal(await bob.calls(), 0);
    });

    test("that is closed while it rings refuses the call", async () => {
      const callee = await carol(pair.server.wss);
      const own = await bob.place(callee.user.address);
      await callee.event("incoming_call");
      await callee.closePage();
      const cause = await bob.cause(own);
      assert.ok(["rejected", "timed_out"].includes(cause), cause);
      assert.equal(await bob.calls(), 0);
    });

    test("that dies without a word is missed by its peer, which hangs up", async () => {
      const caller = await carol(pair.server.ws);
      const listener = await Phone.open(pair.voices.bob, pair.site.url, pair.dave, pair.server.ws, {
        media: { timeout: 4 },
      });
      const [, others] = await caller.callTo(listener);
      await listener.listen(others, 3);
      await caller.die();
      assert.equal(await listener.cause(others), "media_timeout");
      assert.equal(await listener.calls(), 0);
      await listener.close();
    });

    test("that forgets its client in the middle of a call leaves none at its peer", async () => {
      const forgetful = await Phone.load(pair.voices.alice, pair.site.url, pair.carol);
      await bob.forget();
      const { address, password } = pair.carol;
      const calling = forgetful.page.evaluate(
        ([address, password, server, to]) => globalThis.phone.callAndForget(address, password, server, to),
        [address, password, pair.server.wss, bob.user.address] as const,
      );
      const { call: others } = await bob.event("incoming_call");
      await bob.run(others, "answer");
      await calling;
      await forgetful.page.requestGC();
      assert.equal(await bob.cause(others), "remote_hang_up");
      assert.equal(await bob.calls(), 0);
      await forgetful.close();
    });

    test("complains of nothing", () => pair.assertContent());
  });
}
