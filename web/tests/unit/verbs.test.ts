import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { BusyError, Client, InternalError, InvalidArgumentError, RejectedError } from "rvoip";
import { resetScript, script, useFakeCore } from "../support/fake.js";

useFakeCore();
beforeEach(resetScript);

const last = (): unknown => script.asked.at(-1);

test("settings reach the core without what is undefined", async () => {
  await Client.create({ user_agent: undefined, media: { codecs: ["PCMA"], timeout: undefined } });
  assert.deepEqual(script.asked[0]?.with[0], { media: { codecs: ["PCMA"] } });
});

test("settings that the core refuses are an error of their kind", async () => {
  script.answers.set("new", () => {
    throw { kind: "invalid_argument", reason: "unknown field `bind`", status: null };
  });
  await assert.rejects(Client.create(), InvalidArgumentError);
});

test("an account is described by its address or by its settings", async () => {
  const client = await Client.create();
  script.answers.set("registerAccount", async () => 7);
  const account = await client.account("sip:alice@example.com", { password: "secret" }).register();
  assert.equal(account.key, 7);
  assert.deepEqual(last(), {
    verb: "registerAccount",
    with: [{ password: "secret", address: "sip:alice@example.com" }, undefined],
  });
  await client.account({ address: "sip:bob@example.com", expires: 60 }).add();
  assert.deepEqual(last(), { verb: "addAccount", with: [{ address: "sip:bob@example.com", expires: 60 }] });
});

test("every verb is submitted before it returns, with its arguments", async () => {
  const client = await Client.create();
  const call = client.call(5);
  const account = client.accountOf(2);
  const { signal } = new AbortController();
  const verbs: [string, (() => Promise<unknown>) | (() => void), readonly unknown[]][] = [
    ["register", () => account.register(), [2, undefined]],
    ["unregister", () => account.unregister({ signal }), [2, signal]],
    ["remove", () => account.remove({ signal }), [2, signal]],
    ["placeCall", () => account.call("sip:bob@example.com"), [2, "sip:bob@example.com", undefined]],
    ["options", () => account.options("sip:bob@example.com"), [2, "sip:bob@example.com", undefined]],
    ["sendMessage", () => account.message("sip:bob@example.com", "hi"), [2, "sip:bob@example.com", "hi", undefined]],
    ["answered", () => call.answered({ signal }), [5, signal]],
    ["ended", () => call.ended(), [5, undefined]],
    ["answer", () => call.answer(), [5, undefined]],
    ["reject", () => call.reject(), [5, 486, undefined]],
    ["reject", () => call.reject(603), [5, 603, undefined]],
    ["hangUp", () => call.hangUp(), [5, undefined]],
    ["hold", () => call.hold(), [5, undefined]],
    ["resume", () => call.resume(), [5, undefined]],
    ["reinvite", () => call.reinvite(), [5, undefined]],
    ["mute", () => call.mute(), [5, true, undefined]],
    ["mute", () => call.mute(false), [5, false, undefined]],
    ["sendDtmf", () => call.sendDtmf("12#"), [5, "12#", undefined]],
    ["collectDigits", () => call.collectDigits(4, 10_000), [5, 4, 10_000, undefined]],
    ["play", () => call.play({ type: "echo" }), [5, { type: "echo" }, undefined]],
    ["stopPlaying", () => call.stopPlaying(), [5, undefined]],
    ["record", () => call.record({ type: "frames" }), [5, { type: "frames" }, undefined]],
    ["stopRecording", () => call.stopRecording(), [5, undefined]],
    ["messageInCall", () => call.message("hi"), [5, "hi", undefined]],
  ];
  for (const [verb, ask, values] of verbs) {
    void ask();
    assert.deepEqual(last(), { verb, with: values });
  }
});

test("the bytes of a clip cross the boundary as they are", async () => {
  const call = (await Client.create()).call(1);
  const wav = new Uint8Array([1, 2, 3]);
  for (const clip of [wav, wav.buffer]) {
    await call.play(clip);
    assert.deepEqual(script.asked.at(-1)?.with[1], { type: "bytes", wav, repeat: false });
  }
});

test("a rejection of the core is an error of its kind, and so is what it throws", async () => {
  const client = await Client.create();
  script.answers.set("answered", () => Promise.reject({ kind: "rejected", reason: "Busy Here", status: 486 }));
  await assert.rejects(client.call(1).answered(), (error) => error instanceof RejectedError && error.status === 486);
  script.answers.set("placeCall", () => {
    throw { kind: "busy", reason: "too many calls are under way", status: null };
  });
  await assert.rejects(client.accountOf(1).call("sip:bob@example.com"), BusyError);
  script.answers.set("calls", () => {
    throw new TypeError("null pointer passed to rust");
  });
  assert.throws(() => client.calls(), InternalError);
});

test("an aborted signal rejects with its own reason and asks nothing", async () => {
  const call = (await Client.create()).call(1);
  const asked = script.asked.length;
  const reason = new Error("the user went away");
  await assert.rejects(call.answered({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(script.asked.length, asked);
});

test("a signal that is aborted while the core waits rejects with its own reason", async () => {
  const call = (await Client.create()).call(1);
  const abort = new AbortController();
  const withdrawn = (_: unknown, signal: unknown): Promise<never> =>
    new Promise((_, reject) => {
      assert.ok(signal instanceof AbortSignal);
      signal.addEventListener("abort", () => reject({ kind: "closed", reason: "withdrawn", status: null }));
    });
  script.answers.set("answered", withdrawn);
  const answered = call.answered({ signal: abort.signal });
  abort.abort();
  await assert.rejects(answered, { name: "AbortError" });
});

test("leaving the scope of `await using` closes the client", async () => {
  {
    await using client = await Client.create();
    assert.equal(client.devices?.volume, 1);
  }
  assert.deepEqual(last(), { verb: "close", with: [] });
});
