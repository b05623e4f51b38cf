import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { VerbOptions } from "rvoip";
import { BusyError, Client, InternalError, InvalidArgumentError, RejectedError } from "rvoip";
import { resetScript, script, useFakeCore } from "../support/fake.js";

useFakeCore();
beforeEach(resetScript);

/** The verb that was asked for last, with its values. */
const last = (): unknown => {
  const { verb, with: values } = script.asked.at(-1) ?? {};
  return { verb, with: values };
};

test("settings reach the core as they are", async () => {
  const settings = { user_agent: undefined, media: { codecs: ["PCMA"], timeout: undefined } };
  await Client.create(settings);
  assert.equal(script.asked[0]?.with[0], settings);
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
    with: [undefined, { password: "secret", address: "sip:alice@example.com" }],
  });
  await client.account({ address: "sip:bob@example.com", expires: 60 }).add();
  assert.deepEqual(last(), {
    verb: "addAccount",
    with: [undefined, { address: "sip:bob@example.com", expires: 60 }],
  });
});

test("every verb is submitted before it returns, with its arguments", async () => {
  const client = await Client.create();
  const call = client.call(5);
  const account = client.accountOf(2);
  const { signal } = new AbortController();
  const verbs: [string, (options?: VerbOptions) => Promise<unknown>, readonly unknown[]][] = [
    ["register", (options) => account.register(options), [2]],
    ["unregister", (options) => account.unregister(options), [2]],
    ["remove", (options) => account.remove(options), [2]],
    ["placeCall", (options) => account.call("sip:bob@example.com", options), [2, "sip:bob@example.com"]],
    ["options", (options) => account.options("sip:bob@example.com", options), [2, "sip:bob@example.com"]],
    ["sendMessage", (options) => account.message("sip:bob@example.com", "hi", options), [2, "sip:bob@example.com", "hi"]],
    ["answered", (options) => call.answered(options), [5]],
    ["ended", (options) => call.ended(options), [5]],
    ["answer", (options) => call.answer(options), [5]],
    ["reject", (options) => call.reject(undefined, options), [5, 486]],
    ["reject", (options) => call.reject(603, options), [5, 603]],
    ["hangUp", (options) => call.hangUp(options), [5]],
    ["hold", (options) => call.hold(options), [5]],
    ["resume", (options) => call.resume(options), [5]],
    ["reinvite", (options) => call.reinvite(options), [5]],
    ["mute", (options) => call.mute(undefined, options), [5, true]],
    ["mute", (options) => call.mute(false, options), [5, false]],
    ["sendDtmf", (options) => call.sendDtmf("12#", options), [5, "12#"]],
    ["collectDigits", (options) => call.collectDigits(4, 10_000, options), [5, 4, 10_000]],
    ["play", (options) => call.play({ type: "echo" }, options), [5, { type: "echo" }]],
    ["stopPlaying", (options) => call.stopPlaying(options), [5]],
    ["record", (options) => call.record({ type: "frames" }, options), [5, { type: "frames" }]],
    ["stopRecording", (options) => call.stopRecording(options), [5]],
    ["messageInCall", (options) => call.message("hi", options), [5, "hi"]],
  ];
  for (const [verb, ask, values] of verbs) {
    for (const options of [undefined, { signal }]) {
      void ask(options);
      assert.deepEqual(last(), { verb, with: values });
      assert.equal(script.asked.at(-1)?.signal, options?.signal);
    }
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
  const withdrawn = (signal: unknown): Promise<never> =>
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
