/// <reference lib="esnext.disposable" preserve="true" />
import { guarded, report } from "./core.js";
import type { Event } from "./generated/types.js";
import type { RawEvents } from "./raw.js";

/** The names of the events. */
export type EventType = Event["type"];

/** The event of one name. */
export type EventOf<T extends EventType> = Extract<Event, { type: T }>;

/**
 * The events of a client, an account or a call, beginning with what stands now: `for await (const event of call.events())`.
 *
 * Up to 1,024 events wait for a listener; one that is slower is told how many it lost (`lagged`) and how things stand.
 * Leaving the loop, {@link close}, `using` and `await using` stop listening.
 */
export class Events implements AsyncIterableIterator<Event, undefined>, AsyncDisposable, Disposable {
  #raw: RawEvents | undefined;
  #taken: Event[] = [];
  #last: Promise<unknown> = Promise.resolve();
  /** One question of the core for all who wait. */
  #ready: Promise<boolean> | undefined;
  readonly #waiting = new Set<(ready: false) => void>();

  /** @internal */
  constructor(raw: RawEvents) {
    this.#raw = raw;
  }

  /** Waits until there are events and takes none; false when none will ever come. */
  async ready(): Promise<boolean> {
    if (this.#taken.length > 0) return true;
    const raw = this.#raw;
    if (raw === undefined) return false;
    this.#ready ??= guarded(() => raw.ready()).finally(() => (this.#ready = undefined));
    const ready = this.#ready;
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      void ready.then(resolve, reject).finally(() => this.#waiting.delete(resolve));
    });
  }

  /** Takes the events that are there. */
  takeEvents(): Event[] {
    const raw = this.#raw;
    const taken = this.#taken;
    this.#taken = [];
    return raw === undefined ? taken : taken.concat(guarded(() => raw.takeEvents()));
  }

  /** Waits for the next event. Several may be asked for at once; each gets its own. */
  next(): Promise<IteratorResult<Event, undefined>> {
    const next = this.#last.then(() => this.#one());
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Stops listening; whoever waits is told that it is over. */
  close(): void {
    const raw = this.#raw;
    this.#raw = undefined;
    this.#taken = [];
    for (const stop of this.#waiting) stop(false);
    raw?.free();
  }

  /** Stops listening. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #one(): Promise<IteratorResult<Event, undefined>> {
    while (this.#taken.length === 0) {
      if (!(await this.ready())) return { done: true, value: undefined };
      this.#taken = this.takeEvents();
    }
    const value = this.#taken.shift();
    return value === undefined ? { done: true, value } : { done: false, value };
  }
}

type Handler = (event: Event) => unknown;

/** Something that tells events to handlers. One that throws is reported to the page and does not stop the others. */
export abstract class Source {
  readonly #handlers = new Map<EventType, Set<Handler>>();
  #events: Events | undefined;

  /** Listens, beginning with what stands now. */
  abstract events(): Events;

  /**
   * Calls a handler with every event of one type, until the function that it gives back is called or the signal aborted.
   * A new handler hears what comes, not what stands.
   */
  on<T extends EventType>(
    type: T,
    handler: (event: EventOf<T>) => unknown,
    options?: { readonly signal?: AbortSignal | undefined },
  ): () => void {
    const isOf = (event: Event): event is EventOf<T> => event.type === type;
    const own: Handler = (event) => (isOf(event) ? handler(event) : undefined);
    const handlers = this.#handlers.get(type) ?? new Set();
    const off = (): void => {
      options?.signal?.removeEventListener("abort", off);
      if (!handlers.delete(own)) return;
      if (handlers.size === 0) this.#handlers.delete(type);
      if (this.#handlers.size === 0) {
        this.#events?.close();
        this.#events = undefined;
      }
    };
    if (options?.signal?.aborted) return off;
    options?.signal?.addEventListener("abort", off, { once: true });
    this.#events ??= this.#listen();
    this.#handlers.set(type, handlers.add(own));
    return off;
  }

  #listen(): Events {
    const events = this.events();
    events.takeEvents();
    void this.#tell(events);
    return events;
  }

  async #tell(events: Events): Promise<void> {
    try {
      for await (const event of events) {
        for (const handler of [...(this.#handlers.get(event.type) ?? [])]) void call(handler, event);
      }
    } catch (error) {
      report(error);
    }
  }
}

async function call(handler: Handler, event: Event): Promise<void> {
  try {
    await handler(event);
  } catch (error) {
    report(error);
  }
}
