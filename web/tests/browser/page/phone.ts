import init, { BrowserMedia, Client, RvoipError } from "../../../dist/index.js";
import type { Account, Call, Cause, Event } from "../../../dist/index.js";

const RATE = 8000;

/** The browser's audio, of which every call's received part is also recorded. */
class RecordingMedia extends BrowserMedia {
  readonly recordings = new Map<number, Float32Array[]>();
  #context: AudioContext | undefined;

  override attach(call: number, stream: MediaStream): void {
    super.attach(call, stream);
    if (!this.recordings.has(call)) void this.#record(call, stream);
  }

  async #record(call: number, stream: MediaStream): Promise<void> {
    const blocks: Float32Array[] = [];
    this.recordings.set(call, blocks);
    const context = (this.#context ??= new AudioContext({ sampleRate: RATE }));
    await context.audioWorklet.addModule("/build/browser/page/recorder.js");
    await context.resume();
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 1 });
    recorder.port.onmessage = ({ data }: MessageEvent<Float32Array>) => blocks.push(data);
    context.createMediaStreamSource(stream).connect(recorder);
    recorder.connect(context.destination);
  }
}

/** How a verb of the page ended, in a form that leaves the page. */
export type Outcome<T> = { readonly value: T } | { readonly kind: string; readonly status: number | null };

/** A phone that a test outside of the page drives. */
export class TestPhone {
  readonly events: Event[] = [];
  readonly #media = new RecordingMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  #client: Client | undefined;
  #account: Account | undefined;

  get client(): Client {
    if (this.#client === undefined) throw new Error("not started");
    return this.#client;
  }

  async start(): Promise<void> {
    await init();
    this.#client = await Client.create(
      { media: { statistics_interval: 1, levels_interval: 0.2 } },
      { media: this.#media },
    );
    void (async () => {
      for await (const event of this.client.events()) this.events.push(event);
    })();
  }

  async register(address: string, password: string, server: string): Promise<void> {
    this.#account = await this.client.account(address, { password, outbound_proxy: server }).register();
  }

  async place(to: string): Promise<number> {
    return (await this.account.call(to)).key;
  }

  get account(): Account {
    if (this.#account === undefined) throw new Error("not registered");
    return this.#account;
  }

  call(key: number): Call {
    return this.client.call(key);
  }

  async ended(key: number): Promise<Cause> {
    return this.call(key).ended();
  }

  /** What a call's peer said since a moment of its recording, as samples of 8,000 Hz. */
  heard(key: number, from = 0): number[] {
    const blocks = this.#media.recordings.get(key) ?? [];
    const all: number[] = [];
    let at = 0;
    for (const block of blocks) {
      for (const sample of block) if (at++ >= from) all.push(Math.round(sample * 10_000) / 10_000);
    }
    return all;
  }

  /** How many samples a call's recording has. */
  recorded(key: number): number {
    return (this.#media.recordings.get(key) ?? []).reduce((sum, block) => sum + block.length, 0);
  }
}

/** Runs a verb and gives its error as data. */
export async function outcome<T>(verb: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await verb };
  } catch (error) {
    if (error instanceof RvoipError) return { kind: error.kind, status: error.status };
    throw error;
  }
}

declare global {
  var phone: TestPhone;
  var outcomeOf: typeof outcome;
}

globalThis.phone = new TestPhone();
globalThis.outcomeOf = outcome;
document.title = "ready";
