import { Client, RvoipError } from "rvoip";
import type { Account, AudioSink, AudioSource, Call, Events, MediaPlatform } from "rvoip";
import { toError } from "../../dist/errors.js";
import type { RawClient } from "../../dist/raw.js";
import { turn } from "./turn.js";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/** The scripted peer, simulated network and virtual clock, as the module for tests exports them. */
export interface RawHarness {
  client(config: object): RawClient;
  advance(milliseconds: number): void;
  peer(step: string): string;
  counts(): Uint32Array;
  submitted(): number;
}

/** A scenario as its file says it. */
export interface Scenario {
  readonly shows: string;
  readonly config?: JsonObject;
  readonly needs?: readonly string[];
  readonly lacks?: readonly string[];
  readonly accounts?: { readonly [name: string]: JsonObject };
  readonly steps: readonly JsonObject[];
  readonly fails_with?: string;
}

type Result = { readonly value: Json } | { readonly error: Json };

/** A verb under way. */
class Verb {
  readonly abort = new AbortController();
  result: Result | undefined;

  constructor(begin: (signal: AbortSignal) => Promise<unknown>) {
    begin(this.abort.signal).then(
      (value) => (this.result = { value: plain(value) }),
      (error: unknown) => (this.result = { error: plainError(error) }),
    );
  }
}

function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

function plainError(error: unknown): Json {
  if (error instanceof RvoipError) return { kind: error.kind, status: error.status, reason: error.reason };
  return { kind: "no error of this library", status: null, reason: String(error) };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function ensure(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Error(why);
}

const show = (value: unknown): string => JSON.stringify(value);

/** Whether what came has everything that was expected. A name in the place of a number stands for a key. */
export function fits(expected: Json, got: Json | undefined, keys: ReadonlyMap<string, number>): boolean {
  if (isObject(expected)) {
    return isObject(got) && Object.entries(expected).every(([name, value]) => fits(value, got[name] ?? null, keys));
  }
  if (typeof expected === "string" && typeof got === "number") return keys.get(expected) === got;
  if (Array.isArray(expected)) {
    const list: readonly Json[] = expected;
    return Array.isArray(got) && got.length === list.length && list.every((one, index) => fits(one, got[index] as Json, keys));
  }
  return expected === (got ?? null);
}

const FIELDS: { readonly [kind: string]: readonly string[] } = {
  do: ["do", "on", "args", "as", "bind", "returns", "fails", "pending"],
  await: ["await", "returns", "fails", "pending"],
  cancel: ["cancel"],
  peer: ["peer", "times"],
  advance: ["advance"],
  events: ["events", "of", "bind"],
  listen: ["listen", "to"],
  counts: ["counts"],
};

/** Longer than any deadline for closing, and than any transaction lives. */
const UNTIL_CLOSED = 3_600_000;

/** Runs a scenario; gives why it was skipped, if it was. Throws what was not as it says. */
export async function run(scenario: Scenario, harness: RawHarness): Promise<string | undefined> {
  const media: unknown = {};
  const client = Client.over(harness.client(scenario.config ?? {}), media as MediaPlatform);
  const capabilities = plain(client.capabilities()) as JsonObject;
  for (const need of scenario.needs ?? []) if (capabilities[need] !== true) return `this face has no ${need}`;
  for (const more of scenario.lacks ?? []) if (capabilities[more] !== false) return `this face has ${more}`;
  const runner = new Runner(client, harness);
  // In the order of the names, as every runner does it: the keys depend on it.
  const accounts = Object.entries(scenario.accounts ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [name, config] of accounts) await runner.add(name, config);
  for (const [index, step] of scenario.steps.entries()) {
    try {
      await runner.step(step);
    } catch (error) {
      throw new Error(`step ${index + 1}: ${show(step)}: ${String(error)}`, { cause: error });
    }
  }
  // What came and was not expected is no accident.
  asked(() => harness.peer('{"quiet": true}'));
  await runner.nothingIsLeft();
  await runner.end();
  return undefined;
}

/** What the harness throws is no `Error`, and says why in its `reason`. */
function asked<T>(ask: () => T): T {
  try {
    return ask();
  } catch (thrown) {
    throw new Error(typeof thrown === "object" && thrown !== null && "reason" in thrown ? String(thrown.reason) : String(thrown));
  }
}

class Runner {
  readonly #client: Client;
  readonly #harness: RawHarness;
  readonly #listeners = new Map<string, Events>();
  /** The listeners of which a step took something. */
  readonly #read = new Set<string>();
  readonly #accounts = new Set<string>();
  readonly #keys = new Map<string, number>();
  readonly #kept = new Map<string, Verb>();

  constructor(client: Client, harness: RawHarness) {
    this.#client = client;
    this.#harness = harness;
    this.#listeners.set("client", client.events());
  }

  async add(name: string, config: JsonObject): Promise<void> {
    const result = await this.#settle(new Verb(() => this.#addAccount(config)));
    ensure(result !== undefined && "value" in result && typeof result.value === "number", `the account ${name}: ${show(result)}`);
    this.#keys.set(name, result.value);
    this.#accounts.add(name);
  }

  async step(step: JsonObject): Promise<void> {
    const kind = Object.keys(FIELDS).find((kind) => kind in step);
    ensure(kind !== undefined, `unknown step: ${show(step)}`);
    ensure(Object.keys(step).every((field) => FIELDS[kind]?.includes(field)), `unknown step: ${show(step)}`);
    switch (kind) {
      case "do":
        return this.#do(step);
      case "await":
        return this.#await(step);
      case "cancel": {
        const name = String(step["cancel"]);
        const verb = this.#kept.get(name);
        ensure(this.#kept.delete(name) && verb !== undefined, `nothing is under way as ${name}`);
        verb.abort.abort();
        await this.#settle(verb);
        return;
      }
      case "peer":
        for (let times = Number(step["times"] ?? 1); times > 0; times -= 1) {
          asked(() => this.#harness.peer(JSON.stringify(step["peer"] ?? null)));
        }
        return turn();
      case "advance":
        return this.#advance(Number(step["advance"]));
      case "events":
        return this.#events(step);
      case "listen": {
        const [name, to] = [String(step["listen"]), String(step["to"])];
        const source =
          to === "client" ? this.#client : this.#accounts.has(to) ? this.#client.accountOf(this.#key(to)) : this.#client.call(this.#key(to));
        this.#listeners.set(name, source.events());
        return;
      }
      case "counts": {
        const [events = 0, waiting = 0] = asked(() => this.#harness.counts());
        const counts = { events, waiting, submitted: this.#harness.submitted(), live: this.#client.live() };
        ensure(fits(step["counts"] ?? null, plain(counts), this.#keys), `expected ${show(step)}, but there are ${show(counts)}`);
      }
    }
  }

  /** Gives up what is under way, closes the client, and looks what is left of it: nothing. */
  async end(): Promise<void> {
    for (const verb of this.#kept.values()) verb.abort.abort();
    const closing = new Verb(() => this.#client.close());
    await turn();
    await this.#advance(UNTIL_CLOSED);
    ensure(closing.result !== undefined, "at the end: the client does not close");
    const [, waiting] = asked(() => this.#harness.counts());
    const left = { live: this.#client.live(), waiting };
    ensure(left.live === 0 && waiting === 0, `at the end: the client is closed, but there are ${show(left)}`);
  }

  #key(name: string): number {
    const key = this.#keys.get(name);
    ensure(key !== undefined, `nothing has the name ${name}`);
    return key;
  }

  async #advance(milliseconds: number): Promise<void> {
    asked(() => this.#harness.advance(milliseconds));
    return turn();
  }

  async #settle(verb: Verb): Promise<Result | undefined> {
    await turn();
    if (verb.result !== undefined) return verb.result;
    await this.#advance(0);
    return verb.result;
  }

  async #do(step: JsonObject): Promise<void> {
    const verb = this.#begin(step);
    const result = await this.#settle(verb);
    if (typeof step["bind"] === "string" && result !== undefined && "value" in result) {
      this.#keys.set(step["bind"], Number(result.value));
    }
    if (typeof step["as"] !== "string") return this.#compare(step, result);
    ensure(step["pending"] !== true || result === undefined, `it should be under way, but it is complete: ${show(result)}`);
    this.#kept.set(step["as"], verb);
  }

  async #await(step: JsonObject): Promise<void> {
    const name = String(step["await"]);
    const verb = this.#kept.get(name);
    ensure(verb !== undefined, `nothing is under way as ${name}`);
    const result = await this.#settle(verb);
    if (result !== undefined) this.#kept.delete(name);
    this.#compare(step, result);
  }

  #compare(expected: JsonObject, got: Result | undefined): void {
    if (got === undefined) return ensure(expected["pending"] === true, "it should be complete, but it is under way");
    ensure(expected["pending"] !== true, `it should be under way, but it is complete: ${show(got)}`);
    if ("value" in got) {
      const [fails, returns] = [expected["fails"] ?? null, expected["returns"] ?? null];
      ensure(fails === null, `it should fail, but it completed with ${show(got.value)}`);
      ensure(returns === null || fits(returns, got.value, this.#keys), `it should give ${show(returns)}, but it gives ${show(got.value)}`);
      return;
    }
    const fails = expected["fails"] ?? null;
    ensure(fails !== null, `it should complete, but it failed: ${show(got.error)}`);
    ensure(fits(fails, got.error, this.#keys), `it should fail with ${show(fails)}, but it fails with ${show(got.error)}`);
  }

  async #take(name: string): Promise<readonly JsonObject[]> {
    await this.#advance(0);
    const listener = this.#listeners.get(name);
    ensure(listener !== undefined, `nobody listens as ${name}`);
    return plain(listener.takeEvents()) as readonly JsonObject[];
  }

  async #events(step: JsonObject): Promise<void> {
    const name = typeof step["of"] === "string" ? step["of"] : "client";
    const came = await this.#take(name);
    this.#read.add(name);
    if (typeof step["bind"] === "string") {
      const call = came.map((event) => event["call"]).find((call) => typeof call === "number");
      ensure(call !== undefined, "none of the events is about a call");
      this.#keys.set(step["bind"], call);
    }
    const expected = step["events"] as readonly Json[];
    for (const [index, wanted] of expected.entries()) {
      const event = came[index];
      ensure(event !== undefined && fits(wanted, event, this.#keys), `expected the event ${show(wanted)}, but there came ${show(came)}`);
    }
    ensure(came.length === expected.length, `an event came that was not expected: ${show(came[expected.length])}`);
  }

  /** A listener that is read holds no event that no step took. */
  async nothingIsLeft(): Promise<void> {
    for (const name of this.#read) {
      const [event] = await this.#take(name);
      ensure(event === undefined, `at the end: ${name} heard an event that no step took: ${show(event)}`);
    }
  }

  #open(config: JsonObject): void {
    try {
      this.#harness.client(config).free();
    } catch (thrown) {
      throw toError(thrown);
    }
  }

  async #addAccount(config: JsonObject): Promise<number> {
    return (await this.#client.account(config as unknown as { readonly address: string }).add()).key;
  }

  async #register(config: JsonObject, signal: AbortSignal): Promise<number> {
    return (await this.#client.account(config as unknown as { readonly address: string }).register({ signal })).key;
  }

  #begin(step: JsonObject): Verb {
    const [object = "", name = ""] = String(step["do"]).split(".");
    const args = isObject(step["args"]) ? step["args"] : {};
    const on = (): number => (typeof step["on"] === "number" ? step["on"] : this.#key(String(step["on"])));
    switch (object) {
      case "client":
        return this.#ofClient(name, args);
      case "account":
        return ofAccount(name, this.#client.accountOf(on()), args);
      case "call":
        return ofCall(name, this.#client.call(on()), args);
      default:
        throw new Error(`unknown step: there is nothing that is called ${object}`);
    }
  }

  #ofClient(name: string, args: JsonObject): Verb {
    switch (name) {
      case "open":
        return new Verb(async () => this.#open(args));
      case "add_account":
        return new Verb(() => this.#addAccount(args));
      case "register":
        return new Verb((signal) => this.#register(args, signal));
      case "close":
        return new Verb(() => this.#client.close());
      case "capabilities":
        return new Verb(async () => this.#client.capabilities());
      case "live":
        return new Verb(async () => this.#client.live());
      default:
        throw new Error(`there is no verb client.${name}`);
    }
  }
}

function ofAccount(name: string, account: Account, args: JsonObject): Verb {
  const text = (name: string): string => argument(args, name, "string");
  switch (name) {
    case "register":
      return new Verb((signal) => account.register({ signal }));
    case "unregister":
      return new Verb((signal) => account.unregister({ signal }));
    case "remove":
      return new Verb((signal) => account.remove({ signal }));
    case "call":
      return new Verb(async (signal) => (await account.call(text("to"), { signal })).key);
    case "options":
      return new Verb((signal) => account.options(text("to"), { signal }));
    case "message":
      return new Verb((signal) => account.message(text("to"), text("text"), { signal }));
    case "info":
      return new Verb(async () => account.info);
    default:
      throw new Error(`there is no verb account.${name}`);
  }
}

function ofCall(name: string, call: Call, args: JsonObject): Verb {
  switch (name) {
    case "answered":
    case "ended":
    case "answer":
    case "hold":
    case "resume":
    case "reinvite":
      return new Verb((signal): Promise<unknown> => call[name]({ signal }));
    case "hang_up":
      return new Verb((signal) => call.hangUp({ signal }));
    case "reject":
      return new Verb((signal) => call.reject(argument(args, "status", "number"), { signal }));
    case "mute":
      return new Verb((signal) => call.mute(argument(args, "muted", "boolean"), { signal }));
    case "send_dtmf":
      return new Verb((signal) => call.sendDtmf(argument(args, "digits", "string"), { signal }));
    case "collect_digits":
      return new Verb((signal) =>
        call.collectDigits(argument(args, "count", "number"), 1000 * argument(args, "within", "number"), { signal }),
      );
    case "play":
      return new Verb((signal) => call.play(args["source"] as unknown as AudioSource, { signal }));
    case "stop_playing":
      return new Verb((signal) => call.stopPlaying({ signal }));
    case "record":
      return new Verb((signal) => call.record(args["sink"] as unknown as AudioSink, { signal }));
    case "stop_recording":
      return new Verb((signal) => call.stopRecording({ signal }));
    case "message":
      return new Verb((signal) => call.message(argument(args, "text", "string"), { signal }));
    case "info":
      return new Verb(async () => call.info);
    default:
      throw new Error(`there is no verb call.${name}`);
  }
}

interface Kinds {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

function argument<K extends keyof Kinds>(args: JsonObject, name: string, kind: K): Kinds[K] {
  const value = args[name];
  ensure(typeof value === kind, `the argument ${name} is missing`);
  return value as Kinds[K];
}
