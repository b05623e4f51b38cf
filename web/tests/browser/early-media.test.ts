// What a gateway or a fork does to the media of a call, on a peer connection of the browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { web } from "../support/paths.js";
import { serve } from "../support/serve.js";
import type { Site } from "../support/serve.js";
import { Phone, Voices } from "./driver.js";
import { ScriptedPeer, ufrag } from "./scripted.js";

const USER = { address: "sip:alice@peer.example.com", password: "secret" };

let voices: Voices;
let site: Site;

before(async () => {
  [voices, site] = await Promise.all([Voices.start(), serve({ "/": web })]);
});

after(async () => {
  await voices?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
});

/** A page that calls the scripted peer, and the INVITE that came of it. */
async function calling() {
  const phone = await Phone.load(voices.alice, site.url, USER);
  const peer = await ScriptedPeer.behind(phone.page);
  await phone.page.evaluate(
    ([address, server]) => globalThis.phone.add(address, server),
    [USER.address, peer.address] as const,
  );
  const call = await phone.place("sip:bob@peer.example.com");
  const invite = await peer.expect("INVITE");
  const answerer = (hertz: number, offer = invite.body): Promise<string> =>
    phone.page.evaluate(([offer, hertz]) => globalThis.answerer(offer, hertz), [offer, hertz] as const);
  return { phone, peer, call, invite, answerer };
}

/** Which of some tones a stretch of audio is, if it is one. */
function tone(heard: Float32Array, among: readonly number[]): number | undefined {
  const power = (hertz: number): number => {
    let [re, im] = [0, 0];
    heard.forEach((sample, n) => {
      re += sample * Math.cos((2 * Math.PI * hertz * n) / 8000);
      im += sample * Math.sin((2 * Math.PI * hertz * n) / 8000);
    });
    return (2 * Math.hypot(re, im)) / heard.length;
  };
  return among.filter((hertz) => power(hertz) > 0.05).at(0);
}

/** Listens until a tone is heard. */
async function hear(phone: Phone, call: number, hertz: number, among: readonly number[]): Promise<void> {
  const heard: (number | undefined)[] = [];
  for (let tries = 0; tries < 20; tries += 1) {
    heard.push(tone(await phone.hear(call, 0.5), among));
    if (heard.at(-1) === hertz) return;
  }
  assert.fail(`${hertz} Hz was not heard, but ${heard.join()}`);
}

async function hangUp(phone: Phone, peer: ScriptedPeer, call: number, tag: string): Promise<void> {
  const over = phone.run(call, "hangUp");
  peer.answer(await peer.expect("BYE"), "200 OK", tag);
  await over;
  assert.deepEqual(phone.complaints, []);
  await phone.close();
}

test("early media are heard, and an answer that is written anew in the 200 changes nothing", async () => {
  const { phone, peer, call, invite, answerer } = await calling();
  const sdp = await answerer(500);
  peer.answer(invite, "183 Session Progress", "gateway", sdp);
  await phone.event("call_state_changed", { call, state: "early_media" });
  await hear(phone, call, 500, [500, 900]);
  // As gateways do: another version, and attributes in another order.
  const anew = sdp.replace(/^o=(\S+ \S+) (\d+)/m, (_, who, version) => `o=${who} ${Number(version) + 1}`);
  assert.notEqual(anew, sdp);
  peer.answer(invite, "200 OK", "gateway", anew);
  await peer.expect("ACK");
  await phone.run(call, "answered");
  await hear(phone, call, 500, [500, 900]);
  await hangUp(phone, peer, call, "gateway");
});

test("a branch that answers is heard in place of the one whose early media were", async () => {
  const { phone, peer, call, invite, answerer } = await calling();
  peer.answer(invite, "183 Session Progress", "announcement", await answerer(500));
  await hear(phone, call, 500, [500, 900]);
  peer.answer(invite, "200 OK", "desk", await answerer(900));
  await phone.page.evaluate(() => globalThis.leave(500));
  await peer.expect("ACK");
  await phone.run(call, "answered");
  // The way to the branch that answered is looked for anew: the browser knows that of the other one.
  const again = await peer.expect("INVITE");
  assert.notEqual(ufrag(again.body), ufrag(invite.body));
  peer.answer(again, "200 OK", "desk", await answerer(900, again.body));
  await peer.expect("ACK");
  await hear(phone, call, 900, [500, 900]);
  await hangUp(phone, peer, call, "desk");
});

test("a peer that offers video as well gets audio, and no video", async () => {
  const { phone, peer, call, invite, answerer } = await calling();
  peer.answer(invite, "200 OK", "bob", await answerer(500));
  await peer.expect("ACK");
  await phone.run(call, "answered");
  const offer = await phone.page.evaluate(() => globalThis.offerOfVideo());
  const lines = ["Call-ID", "From", "To"].map((name) => invite.lines(name)[0] ?? "");
  const [id, from = "", to = ""] = lines;
  peer.send(
    [
      "INVITE sip:alice@peer.example.com SIP/2.0",
      "Via: SIP/2.0/WSS peer.example.com;branch=z9hG4bKvideo",
      id,
      `From: ${to.slice(4)};tag=bob`,
      `To: ${from.slice(6)}`,
      "CSeq: 1 INVITE",
      "Max-Forwards: 70",
      "Contact: <sip:bob@peer.example.com;transport=ws>",
      "Content-Type: application/sdp",
      `Content-Length: ${Buffer.byteLength(offer)}`,
      "",
      offer,
    ].join("\r\n"),
  );
  const answer = await phone.page.evaluate(() => globalThis.phone.call(1).info);
  assert.equal(answer?.state, "connected");
  const response = await peer.expectResponse("1 INVITE");
  assert.match(response, /^SIP\/2\.0 200 /);
  assert.match(response, /^m=audio [1-9]/m);
  assert.match(response, /^m=video 0 /m);
  await hangUp(phone, peer, call, "bob");
});

test("a microphone that is opened too late, when the call is over, is closed again", async () => {
  const phone = await Phone.load(voices.alice, site.url, USER);
  const peer = await ScriptedPeer.behind(phone.page);
  await phone.page.evaluate(
    ([address, server]) => {
      globalThis.phone.media.hesitates = true;
      return globalThis.phone.add(address, server);
    },
    [USER.address, peer.address] as const,
  );
  const call = await phone.place("sip:bob@peer.example.com");
  await phone.page.waitForFunction(() => globalThis.phone.media.asked > 0);
  await phone.run(call, "hangUp");
  await phone.page.evaluate(() => globalThis.phone.media.decide());
  await phone.page.waitForFunction(() => globalThis.phone.media.inputs[0]?.readyState === "ended");
  assert.deepEqual(phone.complaints, []);
  await phone.close();
});
