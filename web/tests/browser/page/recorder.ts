// What the scope of an audio worklet has and TypeScript does not know.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const BLOCK = 4000;

class Recorder extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK);
  #filled = 0;

  process([input]: Float32Array[][]): boolean {
    const samples = input?.[0];
    for (let n = 0; n < 128; n += 1) {
      this.#block[this.#filled++] = samples?.[n] ?? 0;
      if (this.#filled < BLOCK) continue;
      this.port.postMessage(this.#block);
      this.#block = new Float32Array(BLOCK);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
export {};
