import { useCore } from "../../dist/core.js";
import type { MediaPlatform } from "../../dist/media.js";
import type { RawClient, RawEvents, RawModule } from "../../dist/raw.js";
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
  readonly asked: { readonly verb: string; readonly with: readonly unknown[] }[];
  readonly answers: Map<string, (...values: unknown[]) => unknown>;
  readonly listeners: FakeEvents[];
}

export const script: Script = { asked: [], answers: new Map(), listeners: [] };

/** A core that writes down what it is asked. */
function fakeClient(): RawClient {
  const target: Record<string, unknown> = {};
  const proxy: unknown = new Proxy(target, {
    get(_, verb) {
      if (typeof verb !== "string" || verb === "then") return undefined;
      return (...values: unknown[]) => {
        script.asked.push({ verb, with: values });
        const answer = script.answers.get(verb);
        if (answer !== undefined) return answer(...values);
        if (verb === "events" || verb.endsWith("Events")) {
          const events = new FakeEvents();
          script.listeners.push(events);
          return events;
        }
        return Promise.resolve(undefined);
      };
    },
  });
  return proxy as RawClient;
}

class FakeRawClient {
  constructor(config: unknown, platform: MediaPlatform) {
    script.asked.push({ verb: "new", with: [config, platform] });
    const refused = script.answers.get("new");
    if (refused !== undefined) refused(config, platform);
    return fakeClient() as never;
  }
}

export function useFakeCore(): void {
  const module: unknown = { RawClient: FakeRawClient, parseMessage: (text: string) => ({ text }) };
  useCore(module as RawModule);
}

/** Forgets what was asked and how it was to be answered. */
export function resetScript(): void {
  script.asked.length = 0;
  script.answers.clear();
  script.listeners.length = 0;
}
