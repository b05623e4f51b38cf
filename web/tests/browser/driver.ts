import assert from "node:assert/strict";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Event, EventOf, EventType } from "rvoip";
import { complaints } from "../support/chromium.js";
import type { User } from "../support/server.js";
import { compare, readWav } from "../support/speech.js";
import type { Comparison } from "../support/speech.js";
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
  | "reject"
  | "resume"
  | "sendDtmf";

const PATIENCE = 20_000;

/** A page with a phone in it. */
export class Phone {
  readonly user: User;
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly #context: BrowserContext;
  #seen = 0;

  private constructor(user: User, page: Page, context: BrowserContext) {
    this.user = user;
    this.page = page;
    this.#context = context;
    this.complaints = complaints(page);
  }

  /** Opens a page and registers in it. */
  static async open(browser: Browser, site: string, user: User, server: string): Promise<Phone> {
    const context = await browser.newContext({ permissions: ["microphone"], ignoreHTTPSErrors: true });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const phone = new Phone(user, page, context);
    await page.goto(`${site}/tests/browser/page/index.html`);
    await page.waitForFunction(() => document.title === "ready");
    await page.evaluate(
      async ([address, password, server]) => {
        await globalThis.phone.start();
        await globalThis.phone.register(address, password, server);
      },
      [user.address, user.password, server] as const,
    );
    return phone;
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
  try(call: number, verb: Verb, ...values: readonly (string | number | boolean)[]): Promise<Outcome<unknown>> {
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

  /** Listens for a while and compares with the clip that the other side's microphone is. */
  async listen(call: number, seconds: number, clip: string): Promise<Comparison> {
    const from = await this.page.evaluate((call) => globalThis.phone.recorded(call), call);
    await this.page.waitForFunction(
      ([call, until]) => globalThis.phone.recorded(call) >= until,
      [call, from + seconds * 8000] as const,
    );
    const heard = await this.page.evaluate(([call, from]) => globalThis.phone.heard(call, from), [call, from] as const);
    return compare(readWav(clip), Float32Array.from(heard));
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

  /** Closes the page without a word to the client, as a person closes a tab. */
  async closePage(): Promise<void> {
    await this.page.close({ runBeforeUnload: true });
  }
}

/**
 * What was heard must be the clip. On a machine that is busy the browser stretches and conceals some of it; of another clip
 * less than a fifth is found.
 */
export function assertSpeech(comparison: Comparison): void {
  const { found, windows } = comparison;
  assert.ok(windows >= 5 && found >= 0.5, `the speech was not recognised: ${JSON.stringify(comparison)}`);
}

/** What was heard must be silence. */
export function assertSilence(comparison: Comparison): void {
  assert.ok(comparison.loudness < 0.003, `there was sound: ${JSON.stringify(comparison)}`);
}
