import { useCore } from "../../dist/core.js";
import type { MediaPlatform } from "../../dist/media.js";
import type { RawClient, RawEvents, RawModule, RawStates, RawVerbs } from "../../dist/raw.js";
import type { Event } from "rvoip";

/** A listener whose events the test makes. */
export class FakeEvents implements RawEvents {
  freed = false;
  #queue: Event[] = [];
  #ended = false;
  #wake: (() => void)[] = [];

  push(...events: Event[]): void {
    this.#queue.push(...events);
    this.#wakeAll();
  }

  end(): void {
    this.#ended = true;
    this.#wakeAll();
  }

  async ready(): Promise<boolean> {
    while (this.#queue.length === 0 && !this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.#queue.length > 0;
  }

  takeEvents(): Event[] {
    return this.#queue.splice(0);
  }

  free(): void {
    this.freed = true;
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** What the code under test asked of the core, and what the core is to answer. */
export interface Script {
  readonly asked: { readonly verb: string; readonly with: readonly unknown[]; readonly signal?: AbortSignal | undefined }[];
  readonly answers: Map<string, (...values: unknown[]) => unknown>;
  readonly listeners: FakeEvents[];
}

export const script: Script = { asked: [], answers: new Map(), listeners: [] };

/** A core that writes down what it is asked. */
class FakeRawClient implements RawClient {
  constructor(config: unknown, platform: MediaPlatform) {
    script.asked.push({ verb: "new", with: [config, platform] });
    script.answers.get("new")?.(config, platform);
  }

  begin<V extends keyof RawVerbs>(
    verb: V,
    signal: AbortSignal | undefined,
    ...values: Parameters<RawVerbs[V]>
  ): Promise<ReturnType<RawVerbs[V]>> {
    script.asked.push({ verb, with: values, signal });
    const answer = script.answers.get(verb)?.(signal, ...values);
    return Promise.resolve(answer) as Promise<ReturnType<RawVerbs[V]>>;
  }

  state<S extends keyof RawStates>(of: S, ...key: Parameters<RawStates[S]>): ReturnType<RawStates[S]> {
    return script.answers.get(of)?.(...key) as ReturnType<RawStates[S]>;
  }

  listen(): FakeEvents {
    const events = new FakeEvents();
    script.listeners.push(events);
    return events;
  }

  free(): void {}
}

export function useFakeCore(): void {
  const module: RawModule = { RawClient: FakeRawClient, parseMessage: (text) => ({ text }) };
  useCore(module);
}

/** Forgets what was asked and how it was to be answered. */
export function resetScript(): void {
  script.asked.length = 0;
  script.answers.clear();
  script.listeners.length = 0;
}
