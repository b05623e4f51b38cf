import type { CallKey } from "./generated/types.js";

/** What is called with the packets of key presses. */
export type OnKey = (payload: Uint8Array, timestamp: number) => void;

/** A packet of key presses, as the worker tells of it. */
interface Heard {
  readonly call: CallKey;
  readonly payload: Uint8Array;
  readonly timestamp: number;
}

/**
 * Sees the key presses of peers, which browsers do not tell pages of, by a worker that the audio passes through. Where the
 * browser or the page's content policy has no place for it, none are seen and the audio goes its usual way.
 */
export class KeyWatch {
  readonly #calls = new Map<CallKey, OnKey>();
  #worker: Worker | undefined;
  #ready = false;

  /** Starts the worker. It must run before a call comes: audio that has begun to flow cannot be led through it. */
  start(address?: string | URL): void {
    if (this.#worker !== undefined || typeof Worker !== "function" || typeof RTCRtpScriptTransform !== "function") return;
    let worker: Worker;
    try {
      worker =
        address === undefined
          ? // Bundlers look for exactly this form.
            new Worker(new URL("./keys-worker.js", import.meta.url), { type: "module" })
          : new Worker(address, { type: "module" });
    } catch {
      // Of another origin than the page.
      return;
    }
    worker.addEventListener("message", ({ data }: MessageEvent<Heard | { readonly ready: true }>) => {
      if ("ready" in data) this.#ready = true;
      else this.#calls.get(data.call)?.(data.payload, data.timestamp);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (!this.#ready) worker.terminate();
    });
    this.#worker = worker;
  }

  /** Leads a call's received audio through the worker. */
  watch(call: CallKey, receiver: RTCRtpReceiver, heard: OnKey): void {
    if (this.#worker === undefined || !this.#ready) return;
    receiver.transform = new RTCRtpScriptTransform(this.#worker, { call });
    this.#calls.set(call, heard);
  }

  /** The call is over. */
  forget(call: CallKey): void {
    this.#calls.delete(call);
  }

  /** Ends the worker. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#ready = false;
    this.#calls.clear();
  }
}
