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

/** A clip, a tone or an echo that is being sent, as a track. */
export class Playback {
  /** Carries it. */
  readonly track: MediaStreamTrack;
  /** Resolves when a clip has come to its end; never for what has none. */
  readonly ended: Promise<void>;
  readonly #source: AudioNode & Partial<Pick<AudioScheduledSourceNode, "stop">>;

  private constructor(
    track: MediaStreamTrack,
    source: AudioNode & Partial<Pick<AudioScheduledSourceNode, "stop">>,
    ended: Promise<void>,
  ) {
    this.track = track;
    this.#source = source;
    this.ended = ended;
  }

  /** Begins to play; an echo needs the stream of the peer. */
  static async start(context: AudioContext, source: AudioSource, peer: MediaStream | undefined): Promise<Playback> {
    const node = await makeNode(context, source, peer);
    await context.resume();
    const destination = context.createMediaStreamDestination();
    const [track] = destination.stream.getAudioTracks();
    if (track === undefined) throw new Error("this browser makes no audio track");
    node.connect(destination);
    const ended = new Promise<void>((resolve) => {
      if (node instanceof AudioBufferSourceNode) node.addEventListener("ended", () => resolve(), { once: true });
    });
    if (node instanceof AudioScheduledSourceNode) node.start();
    return new Playback(track, node, ended);
  }

  /** Falls silent. */
  stop(): void {
    this.#source.stop?.();
    this.#source.disconnect();
    this.track.stop();
  }
}

async function makeNode(context: AudioContext, source: AudioSource, peer: MediaStream | undefined): Promise<AudioNode> {
  switch (source.type) {
    case "bytes": {
      const buffer = await context.decodeAudioData(Uint8Array.from(source.wav).buffer);
      return new AudioBufferSourceNode(context, { buffer, loop: source.repeat ?? false });
    }
    case "tone":
      return toneNode(context, cadence(source.tone));
    case "echo":
      if (peer === undefined) throw new Error("there is no audio of the peer yet to echo");
      return context.createMediaStreamSource(peer);
    case "file":
      throw new Error("a page cannot open a file by its path: give its bytes");
    case "frames":
      throw new Error("a page plays no single frames: give a clip");
  }
}

/** One period of the cadence, looped. */
function toneNode(context: AudioContext, { hertz, on, off }: Cadence): AudioNode {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.max(1, Math.round((on + off) * rate)), rate);
  const samples = buffer.getChannelData(0);
  const sounding = Math.round(on * rate);
  for (let n = 0; n < sounding; n += 1) samples[n] = LOUDNESS * Math.sin((2 * Math.PI * hertz * n) / rate);
  return new AudioBufferSourceNode(context, { buffer, loop: true });
}
