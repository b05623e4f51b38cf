import init, { BrowserMedia, Client, RvoipError } from "../../../dist/index.js";
import type { Account, Call, Cause, ClientSettings, Event } from "../../../dist/index.js";

const RATE = 8000;

/** The browser's audio, of which every call's received part is also recorded. */
class RecordingMedia extends BrowserMedia {
  readonly recordings = new Map<number, Float32Array[]>();
  /** The tracks that were opened, newest last. */
  readonly inputs: MediaStreamTrack[] = [];
  #context: AudioContext | undefined;

  /** Whether the person takes her time to allow the microphone, and how often she was asked. */
  hesitates = false;
  asked = 0;
  /** She allows it. */
  decide: () => void = () => undefined;

  override async openInput(call: number): Promise<MediaStreamTrack> {
    this.asked += 1;
    if (this.hesitates) await new Promise<void>((resolve) => (this.decide = resolve));
    const track = await super.openInput(call);
    this.inputs.push(track);
    return track;
  }

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
  readonly media = new RecordingMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  #client: Client | undefined;
  #account: Account | undefined;

  get client(): Client {
    if (this.#client === undefined) throw new Error("not started");
    return this.#client;
  }

  async start(settings: ClientSettings): Promise<void> {
    await init();
    const media = { statistics_interval: 1, levels_interval: 0.2, ...settings.media };
    this.#client = await Client.create({ ...settings, media }, { media: this.media });
    void (async () => {
      for await (const event of this.client.events()) this.events.push(event);
    })();
  }

  async register(address: string, password: string, server: string): Promise<void> {
    this.#account = await this.client.account(address, { password, outbound_proxy: server }).register();
  }

  /** Adds an account without registering it. */
  async add(address: string, server: string): Promise<void> {
    this.#account = await this.client.account(address, { outbound_proxy: server }).add();
  }

  async place(to: string): Promise<number> {
    return (await this.account.call(to)).key;
  }

  /** Why an account cannot be registered at a server. */
  async refusal(address: string, server: string): Promise<{ readonly kind: string; readonly reason: string }> {
    const error: unknown = await this.client
      .account(address, { password: "x", outbound_proxy: server })
      .register()
      .catch((error: unknown) => error);
    if (!(error instanceof RvoipError)) throw new Error(`${address} is registered`);
    return { kind: error.kind, reason: error.reason };
  }

  /** Calls with a client of its own, of which nothing is kept. */
  async callAndForget(address: string, password: string, server: string, to: string): Promise<void> {
    const client = await Client.create();
    const account = await client.account(address, { password, outbound_proxy: server }).register();
    await (await account.call(to)).answered();
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
    const blocks = this.media.recordings.get(key) ?? [];
    const all: number[] = [];
    let at = 0;
    for (const block of blocks) {
      for (const sample of block) if (at++ >= from) all.push(Math.round(sample * 10_000) / 10_000);
    }
    return all;
  }

  /** How many samples a call's recording has. */
  recorded(key: number): number {
    return (this.media.recordings.get(key) ?? []).reduce((sum, block) => sum + block.length, 0);
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

const answerers = new Map<number, RTCPeerConnection>();

/** Answers an offer with a connection that says a tone, the same one for each offer that the tone is to answer. */
export async function answerer(offer: string, hertz: number): Promise<string> {
  const known = answerers.get(hertz);
  const connection = known ?? new RTCPeerConnection();
  answerers.set(hertz, connection);
  await connection.setRemoteDescription({ type: "offer", sdp: offer });
  if (known === undefined) sing(connection, hertz);
  await connection.setLocalDescription();
  return gathered(connection);
}

/** Closes the connection that says a tone, as a phone does whose branch is cancelled. */
export function leave(hertz: number): void {
  answerers.get(hertz)?.close();
}

function sing(connection: RTCPeerConnection, hertz: number): void {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency: hertz });
  const destination = context.createMediaStreamDestination();
  oscillator.connect(new GainNode(context, { gain: 0.4 })).connect(destination);
  oscillator.start();
  for (const track of destination.stream.getTracks()) connection.addTrack(track, destination.stream);
}

/** An offer of audio and video. */
export async function offerOfVideo(): Promise<string> {
  const connection = new RTCPeerConnection();
  for (const kind of ["audio", "video"]) connection.addTransceiver(kind);
  await connection.setLocalDescription();
  return gathered(connection);
}

async function gathered(connection: RTCPeerConnection): Promise<string> {
  while (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  return connection.localDescription?.sdp ?? "";
}

declare global {
  var phone: TestPhone;
  var outcomeOf: typeof outcome;
  var answerer: (offer: string, hertz: number) => Promise<string>;
  var leave: (hertz: number) => void;
  var offerOfVideo: () => Promise<string>;
}

globalThis.phone = new TestPhone();
Object.assign(globalThis, { outcomeOf: outcome, answerer, leave, offerOfVideo });
document.title = "ready";
