import assert from "node:assert/strict";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { AudioSink, AudioSource, ClientSettings, Event, EventOf, EventType } from "rvoip";
import { complaints, startChromium } from "../support/chromium.js";
import { repository } from "../support/paths.js";
import type { User } from "../support/server.js";
import { compare, readWav } from "../support/speech.js";
import type { Outcome } from "./page/phone.js";

/** The verbs of a call that take nothing but plain data. */
type Verb =
  | "answer"
  | "answered"
  | "collectDigits"
  | "hangUp"
  | "hold"
  | "message"
  | "mute"
  | "play"
  | "record"
  | "reject"
  | "resume"
  | "sendDtmf"
  | "stopRecording";

const PATIENCE = 20_000;

const clip = (voice: string): string => join(repository, `tests/vectors/speech/${voice}.wav`);

/** Two browsers, each with a voice of its own as its microphone: who hears itself does not hear the other. */
export class Voices implements AsyncDisposable {
  readonly alice: Voice;
  readonly bob: Voice;

  private constructor(alice: Browser, bob: Browser) {
    this.alice = { browser: alice, says: clip("alice"), hears: clip("bob") };
    this.bob = { browser: bob, says: clip("bob"), hears: clip("alice") };
  }

  static async start(): Promise<Voices> {
    const [alice, bob] = await Promise.all([startChromium(clip("alice")), startChromium(clip("bob"))]);
    return new Voices(alice, bob);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.alice.browser.close(), this.bob.browser.close()]);
  }
}

/** A browser whose microphone says one clip, and whose peers say the other. */
export interface Voice {
  readonly browser: Browser;
  readonly says: string;
  readonly hears: string;
}

/** A page with a phone in it. */
export class Phone {
  readonly user: User;
  readonly page: Page;
  readonly complaints: readonly string[];
  /** The messages that it sent. */
  readonly sent: string[] = [];
  readonly #voice: Voice;
  readonly #context: BrowserContext;
  #seen = 0;

  private constructor(user: User, page: Page, voice: Voice, context: BrowserContext) {
    this.user = user;
    this.page = page;
    this.#voice = voice;
    this.#context = context;
    this.complaints = complaints(page);
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => void this.sent.push(payload.toString())),
    );
  }

  /** Opens a page without registering in it. */
  static async load(voice: Voice, site: string, user: User, settings: ClientSettings = {}): Promise<Phone> {
    const context = await voice.browser.newContext({ permissions: ["microphone"], ignoreHTTPSErrors: true });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const phone = new Phone(user, page, voice, context);
    await page.goto(`${site}/tests/browser/page/index.html`);
    await page.waitForFunction(() => document.title === "ready");
    await page.evaluate((settings) => globalThis.phone.start(settings), settings);
    return phone;
  }

  /** Opens a page and registers in it. */
  static async open(
    voice: Voice,
    site: string,
    user: User,
    server: string,
    settings: ClientSettings = {},
  ): Promise<Phone> {
    const phone = await Phone.load(voice, site, user, settings);
    await phone.register(server);
    return phone;
  }

  async register(server: string): Promise<void> {
    const values = [this.user.address, this.user.password, server] as const;
    await this.page.evaluate((values) => globalThis.phone.register(...values), values);
  }

  /** Places a call and gives its key. */
  place(to: string): Promise<number> {
    return this.page.evaluate((to) => globalThis.phone.place(to), to);
  }

  /** Calls another phone, which answers; gives both keys. */
  async callTo(other: Phone): Promise<readonly [own: number, others: number]> {
    await Promise.all([this.forget(), other.forget()]);
    const own = await this.place(other.user.address);
    const { call: others } = await other.event("incoming_call");
    await other.run(others, "answer");
    await this.run(own, "answered");
    return [own, others];
  }

  /** Runs a verb of a call, which must work. */
  async run(call: number, verb: Verb, ...values: readonly (string | number | boolean)[]): Promise<unknown> {
    const outcome = await this.try(call, verb, ...values);
    assert.ok("value" in outcome, `${verb} failed: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  /** Runs a verb of a call and gives what came of it. */
  try(call: number, verb: Verb, ...values: readonly (string | number | boolean | AudioSource | AudioSink)[]): Promise<Outcome<unknown>> {
    return this.page.evaluate(
      ([call, verb, values]) => {
        const handle = globalThis.phone.call(call);
        const method = handle[verb] as (...values: readonly unknown[]) => Promise<unknown>;
        return globalThis.outcomeOf(method.apply(handle, [...values]));
      },
      [call, verb, values] as const,
    );
  }

  /** Why a call ended, once it has. */
  async cause(call: number): Promise<string> {
    return (await this.page.evaluate((call) => globalThis.phone.ended(call), call)).type;
  }

  /** From now on only what comes is looked at. */
  async forget(): Promise<void> {
    this.#seen = await this.page.evaluate(() => globalThis.phone.events.length);
  }

  /** Waits for an event of one type that has certain fields, among those that were not looked at yet. */
  async event<T extends EventType>(type: T, fields: Partial<EventOf<T>> = {}): Promise<EventOf<T>> {
    const wanted: Readonly<Record<string, unknown>> = { ...fields, type };
    const index = await this.page
      .waitForFunction(
        ([wanted, from]) => {
          const matches = (event: object): boolean =>
            Object.entries(wanted).every(
              ([name, value]) => JSON.stringify(Reflect.get(event, name)) === JSON.stringify(value),
            );
          const found = globalThis.phone.events.slice(from).findIndex(matches);
          return found < 0 ? undefined : from + found + 1;
        },
        [wanted, this.#seen] as const,
      )
      .then(
        (handle) => handle.jsonValue(),
        async (error: unknown) => {
          const came = await this.events();
          throw new Error(`no ${JSON.stringify(wanted)}; there came ${JSON.stringify(came.slice(-12))}`, { cause: error });
        },
      );
    assert.ok(index !== undefined);
    this.#seen = index;
    const event = await this.page.evaluate((at) => globalThis.phone.events[at], index - 1);
    assert.ok(event?.type === type);
    return event as EventOf<T>;
  }

  /** Everything that came. */
  events(): Promise<Event[]> {
    return this.page.evaluate(() => globalThis.phone.events);
  }

  /** The newest event of one type. */
  async last<T extends EventType>(type: T): Promise<EventOf<T> | undefined> {
    const isOf = (event: Event): event is EventOf<T> => event.type === type;
    return (await this.events()).filter(isOf).at(-1);
  }

  /** The samples that come in a while. */
  async hear(call: number, seconds: number): Promise<Float32Array> {
    const from = await this.page.evaluate((call) => globalThis.phone.recorded(call), call);
    await this.page.waitForFunction(
      ([call, until]) => globalThis.phone.recorded(call) >= until,
      [call, from + seconds * 8000] as const,
    );
    const heard = await this.page.evaluate(([call, from]) => globalThis.phone.heard(call, from), [call, from] as const);
    return Float32Array.from(heard);
  }

  /**
   * Listens for a while: what is heard must be what the other side says, and not what this one does. On a machine that is
   * busy the browser stretches and conceals some of it; of another clip less than a fifth is found.
   */
  async listen(call: number, seconds: number): Promise<void> {
    const heard = await this.hear(call, seconds);
    const theirs = compare(readWav(this.#voice.hears), heard);
    assert.ok(theirs.windows >= 5 && theirs.found >= 0.5, `the speech was not recognised: ${JSON.stringify(theirs)}`);
    const own = compare(readWav(this.#voice.says), heard);
    assert.ok(own.found < 0.2, `it hears itself: ${JSON.stringify(own)}`);
  }

  /** Listens for a second: nothing must be heard. */
  async listenToSilence(call: number): Promise<void> {
    const { loudness } = compare(new Float32Array(8000), await this.hear(call, 1));
    assert.ok(loudness < 0.003, `there was sound of ${loudness}`);
  }

  /** How many calls this phone has. */
  calls(): Promise<number> {
    return this.page.evaluate(() => globalThis.phone.client.calls().length);
  }

  /** Closes the client, then the page. */
  async close(): Promise<void> {
    await this.page.evaluate(() => globalThis.phone.client.close());
    await this.#context.close();
  }

  /** The page's process ends in the middle of what it does. */
  async die(): Promise<void> {
    const crashed = this.page.waitForEvent("crash");
    const session = await this.#context.newCDPSession(this.page);
    // It is never answered.
    session.send("Page.crash").catch(() => undefined);
    await crashed;
    await this.#context.close();
  }

  /** Closes the page without a word to the client, as a person closes a tab. */
  async closePage(): Promise<void> {
    await this.page.close({ runBeforeUnload: true });
  }
}
