// The real core, used as it should not be: an error of its kind, never a trap, and the client goes on.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import init, {
  CallEndedError,
  Client,
  ClosedError,
  InvalidArgumentError,
  RvoipError,
  UnsupportedError,
  parseMessage,
} from "rvoip/inline";
import type { Event } from "rvoip/inline";

before(() => init());

/** A value that the types would not let through. */
function wrong<T>(value: unknown): T {
  return value as T;
}

async function failure(what: Promise<unknown>): Promise<RvoipError> {
  const error: unknown = await what.then(
    () => assert.fail("it worked"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof RvoipError, String(error));
  return error;
}

const OPTIONS =
  "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a@a.example>;tag=1\r\n" +
  "To: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

test("settings of a wrong type, and misspelt ones, are refused and named", async () => {
  for (const settings of [{ max_calls: "many" }, { media: 5 }, { media: { timeout: -1 } }, { user_agnet: "x" }]) {
    const error = await failure(Client.create(wrong(settings)));
    assert.ok(error instanceof InvalidArgumentError, `${JSON.stringify(settings)}: ${error.kind}`);
  }
  assert.match((await failure(Client.create(wrong({ user_agnet: "x" })))).reason, /user_agnet/);
});

test("arguments of a wrong type are errors, and the client goes on", async () => {
  await using client = await Client.create();
  const account = await client.account("sip:alice@example.com").add();
  for (const address of [42, null, {}, "no uri", "sip:", "\u{0}"]) {
    assert.ok((await failure(client.account(wrong<string>(address)).add())) instanceof InvalidArgumentError, String(address));
  }
  for (const to of ["", "no uri", "sip:a@b\r\nX: y"]) {
    assert.ok((await failure(account.call(to))) instanceof InvalidArgumentError, to);
  }
  const call = client.call(wrong<number>("first"));
  for (const verb of [
    () => call.reject(wrong<number>("busy")),
    () => call.play(wrong({ type: "music" })),
    () => call.sendDtmf(wrong<string>(null)),
    () => call.answered({ signal: wrong<AbortSignal>("now") }),
  ]) {
    await failure(verb());
  }
  assert.equal(account.info?.address, "sip:alice@example.com");
  assert.deepEqual(client.calls(), []);
});

test("a call that there is not is over", async () => {
  await using client = await Client.create();
  const call = client.call(4711);
  assert.equal(call.info, undefined);
  for (const verb of [call.answered(), call.answer(), call.hold(), call.sendDtmf("1"), call.message("x")]) {
    assert.ok((await failure(verb)) instanceof CallEndedError);
  }
});

test("what a page cannot do is unsupported, and said by the capabilities", async () => {
  await using client = await Client.create();
  const { files, transports } = client.capabilities();
  assert.deepEqual([files, transports], [false, ["ws", "wss"]]);
  const binds = [{ transport: "udp", address: "127.0.0.1:0" }] as const;
  assert.ok((await failure(Client.create({ binds }))) instanceof UnsupportedError);
});

test("after close everything says so, loops end, and closing again is fine", async () => {
  const client = await Client.create();
  const account = await client.account("sip:alice@example.com").add();
  const heard: Event["type"][] = [];
  const loop = (async () => {
    for await (const event of client.events()) heard.push(event.type);
  })();
  await client.close();
  await loop;
  assert.equal(heard.at(-1), "client_closed");
  await client.close();
  for (const verb of [account.register(), account.call("sip:bob@example.com"), client.account("sip:b@example.com").add()]) {
    assert.ok((await failure(verb)) instanceof ClosedError);
  }
  const late: Event["type"][] = [];
  for await (const event of client.events()) late.push(event.type);
  assert.ok(!late.includes("client_closed") || late.at(-1) === "client_closed", late.join());
});

test("a message is read into plain data, and garbage is refused", () => {
  const message: unknown = parseMessage(OPTIONS);
  assert.deepEqual(message, parseMessage(new TextEncoder().encode(OPTIONS)));
  assert.match(JSON.stringify(message), /"OPTIONS"/);
  for (const garbage of ["", "x", "\u{0}".repeat(100_000), OPTIONS.replace("SIP/2.0\r\n", "\r\n")]) {
    assert.throws(() => parseMessage(garbage), InvalidArgumentError);
  }
});

test("an aborted verb leaves nothing behind", async () => {
  await using client = await Client.create();
  const account = await client.account("sip:alice@example.com").add();
  const abort = new AbortController();
  const options = account.options("sip:bob@example.com", { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(options, /enough|reached|refused|WebSocket/i);
});
