import { report } from "./core.js";
import type { AudioSource, ToneKind } from "./generated/types.js";

/** Frequencies in Hz, and seconds of sound and silence in turn (ITU-T E.180, as in most of Europe). */
interface Cadence {
  readonly hertz: number;
  readonly on: number;
  readonly off: number;
}

const LOUDNESS = 0.25;

function cadence(tone: ToneKind): Cadence {
  switch (tone.type) {
    case "ringback":
      return { hertz: 425, on: 1, off: 4 };
    case "busy":
      return { hertz: 425, on: 0.5, off: 0.5 };
    case "dial":
      return { hertz: 425, on: 1, off: 0 };
    case "sine":
      return { hertz: tone.hertz, on: 1, off: 0 };
  }
}

/** A clip or a tone that is being sent, as a track. */
export class Playback {
  /** Carries it. */
  readonly track: MediaStreamTrack;
  /** Resolves when it is being played; rejected if it cannot be. */
  readonly started: Promise<void>;
  /** Resolves when it is over; never for what has no end and is not stopped. */
  readonly ended: Promise<void>;
  readonly #destination: MediaStreamAudioDestinationNode;
  #over: () => void = () => undefined;
  #isOver = false;

  constructor(context: AudioContext, source: AudioSource) {
    this.#destination = context.createMediaStreamDestination();
    const [track] = this.#destination.stream.getAudioTracks();
    if (track === undefined) throw new Error("this browser makes no audio track");
    this.track = track;
    this.ended = new Promise((resolve) => (this.#over = resolve));
    this.started = this.#start(context, source);
  }

  /** Falls silent. */
  stop(): void {
    this.#isOver = true;
    this.track.stop();
    this.#over();
  }

  async #start(context: AudioContext, source: AudioSource): Promise<void> {
    // In a page that nobody has touched yet it waits for that, and what is played with it.
    context.resume().catch(report);
    try {
      const node = await makeNode(context, source);
      if (this.#isOver) return;
      node.connect(this.#destination);
      node.addEventListener("ended", () => this.stop(), { once: true });
      void this.ended.then(() => node.disconnect());
      node.start();
    } catch (error) {
      this.stop();
      throw error;
    }
  }
}

async function makeNode(context: AudioContext, source: AudioSource): Promise<AudioScheduledSourceNode> {
  switch (source.type) {
    case "bytes": {
      const buffer = await context.decodeAudioData(Uint8Array.from(source.wav).buffer);
      return new AudioBufferSourceNode(context, { buffer, loop: source.repeat ?? false });
    }
    case "tone":
      return toneNode(context, cadence(source.tone));
    default:
      throw new Error(`a page does not play ${source.type}`);
  }
}

/** One period of the cadence, looped. */
function toneNode(context: AudioContext, { hertz, on, off }: Cadence): AudioScheduledSourceNode {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.max(1, Math.round((on + off) * rate)), rate);
  const samples = buffer.getChannelData(0);
  const sounding = Math.round(on * rate);
  for (let n = 0; n < sounding; n += 1) samples[n] = LOUDNESS * Math.sin((2 * Math.PI * hertz * n) / rate);
  return new AudioBufferSourceNode(context, { buffer, loop: true });
}
