/** How something rings. */
export interface Ring {
  readonly hertz: readonly number[];
  /** Loudness at its peak, 0.0 to 1.0. */
  readonly gain: number;
  /** When it sounds, in seconds from the start: pairs of begin and end. */
  readonly bursts: readonly (readonly [from: number, to: number])[];
  /** Seconds from one start to the next. */
  readonly every: number;
}

/** A phone that rings here. */
export const BELL: Ring = { hertz: [440, 480], gain: 0.12, bursts: [[0, 0.4], [0.6, 1]], every: 3 };
/** The phone rings there (ITU-T E.180, as in most of Europe). */
export const RINGBACK: Ring = { hertz: [425], gain: 0.06, bursts: [[0, 1]], every: 5 };

/** Rings until it is told to stop, if the page may make a sound. */
export class Ringer {
  readonly #ring: Ring;
  #context: AudioContext | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  start(): void {
    if (this.#context !== undefined) return;
    this.#context = new AudioContext();
    this.#sound(this.#context);
  }

  stop(): void {
    clearTimeout(this.#next);
    void this.#context?.close();
    this.#context = undefined;
  }

  #sound(context: AudioContext): void {
    const { hertz, gain: peak, bursts, every } = this.#ring;
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(context.destination);
    const begin = context.currentTime;
    for (const [from, to] of bursts) {
      gain.gain.setTargetAtTime(peak, begin + from, 0.02);
      gain.gain.setTargetAtTime(0, begin + to, 0.03);
    }
    for (const frequency of hertz) {
      const tone = new OscillatorNode(context, { frequency });
      tone.connect(gain);
      tone.start(begin);
      tone.stop(begin + (bursts.at(-1)?.[1] ?? 0) + 0.2);
    }
    this.#next = setTimeout(() => this.#sound(context), every * 1000);
  }
}
