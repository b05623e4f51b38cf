import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Client } from "rvoip";
import type { Event, EventOf } from "rvoip";
import { resetScript, script, useFakeCore } from "../support/fake.js";
import { turn } from "../support/turn.js";
import type { FakeEvents } from "../support/fake.js";

useFakeCore();
beforeEach(resetScript);

const digit = (digit: string): EventOf<"digit_received"> => ({ type: "digit_received", call: 1, digit });

function listener(): FakeEvents {
  const made = script.listeners.at(-1);
  assert.ok(made);
  return made;
}

/** Takes over what a page would be told of its faults. */
function faults(): unknown[] {
  const told: unknown[] = [];
  globalThis.reportError = (error) => void told.push(error);
  return told;
}

test("events come in order, and the loop ends when nothing will come", async () => {
  const call = (await Client.create()).call(1);
  const events = call.events();
  listener().push(digit("1"), digit("2"));
  const seen: string[] = [];
  const loop = (async () => {
    for await (const event of events) if (event.type === "digit_received") seen.push(event.digit);
  })();
  await turn();
  listener().push(digit("3"));
  await turn();
  listener().end();
  await loop;
  assert.deepEqual(seen, ["1", "2", "3"]);
});

test("several who ask for the next event each get their own", async () => {
  const events = (await Client.create()).events();
  const asked = [events.next(), events.next(), events.next()];
  listener().push(digit("1"));
  await turn();
  listener().push(digit("2"));
  listener().end();
  const values = (await Promise.all(asked)).map(({ value }) => (value?.type === "digit_received" ? value.digit : value));
  assert.deepEqual(values, ["1", "2", undefined]);
});

test("ready takes nothing, and what a loop took and did not give out is not lost", async () => {
  const events = (await Client.create()).events();
  listener().push(digit("1"), digit("2"));
  assert.equal(await events.ready(), true);
  assert.equal(await events.ready(), true);
  assert.deepEqual((await events.next()).value, digit("1"));
  listener().push(digit("3"));
  assert.deepEqual(events.takeEvents(), [digit("2"), digit("3")]);
});

test("leaving the loop stops listening, and so does disposal; a waiter is told", async () => {
  const client = await Client.create();
  const events = client.events();
  listener().push(digit("1"));
  for await (const event of events) {
    assert.equal(event.type, "digit_received");
    break;
  }
  assert.ok(listener().freed);
  let waiting: Promise<IteratorResult<Event, undefined>>;
  {
    await using others = client.events();
    waiting = others.next();
    await turn();
  }
  assert.ok(listener().freed);
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test("a handler hears its own type of event alone, until it is taken off", async () => {
  const call = (await Client.create()).call(1);
  const digits: string[] = [];
  const off = call.on("digit_received", (event) => digits.push(event.digit));
  listener().push(digit("1"), { type: "audio_received", call: 1 });
  await turn();
  off();
  off();
  assert.ok(listener().freed);
  const abort = new AbortController();
  call.on("digit_received", (event) => digits.push(event.digit), { signal: abort.signal });
  assert.equal(script.listeners.length, 2);
  listener().push(digit("2"));
  await turn();
  abort.abort();
  assert.ok(listener().freed);
  assert.deepEqual(digits, ["1", "2"]);
});

test("a handler that throws or rejects is reported and stops nobody", async () => {
  const told = faults();
  const call = (await Client.create()).call(1);
  const heard: string[] = [];
  const thrown = new Error("from a handler");
  const rejected = new Error("from an asynchronous handler");
  call.on("digit_received", () => {
    throw thrown;
  });
  call.on("digit_received", () => Promise.reject(rejected));
  call.on("digit_received", (event) => heard.push(event.digit));
  listener().push(digit("1"));
  await turn();
  listener().push(digit("2"));
  await turn();
  assert.deepEqual(heard, ["1", "2"]);
  assert.deepEqual(told, [thrown, rejected, thrown, rejected]);
});
