/** Rings until it is told to stop, if the page may make a sound. */
export class Ringer {
  #context: AudioContext | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    if (this.#context !== undefined) return;
    this.#context = new AudioContext();
    this.#ring(this.#context);
  }

  stop(): void {
    clearTimeout(this.#next);
    void this.#context?.close();
    this.#context = undefined;
  }

  #ring(context: AudioContext): void {
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(context.destination);
    const begin = context.currentTime;
    for (const start of [begin, begin + 0.6]) {
      gain.gain.setTargetAtTime(0.12, start, 0.02);
      gain.gain.setTargetAtTime(0, start + 0.4, 0.03);
    }
    for (const frequency of [440, 480]) {
      const tone = new OscillatorNode(context, { frequency });
      tone.connect(gain);
      tone.start(begin);
      tone.stop(begin + 1.2);
    }
    this.#next = setTimeout(() => this.#ring(context), 3000);
  }
}
