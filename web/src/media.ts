import { AudioDevices } from "./devices.js";
import { report } from "./core.js";
import type { AudioSource, CallKey } from "./generated/types.js";
import { KeyWatch } from "./keys.js";
import { Playback } from "./playback.js";

/** A clip or a tone that is being sent. */
export interface Playing {
  /** Carries it. */
  readonly track: MediaStreamTrack;
  /** Resolves when it is over, by itself or because it was stopped; never for what goes on. */
  readonly ended: Promise<void>;
  /** Stops it. */
  stop(): void;
}

/**
 * What only a page can touch; the core decides when. {@link BrowserMedia} is the one for browsers, an application may
 * bring its own.
 */
export interface MediaPlatform {
  /** How peer connections are made: ICE servers and the like. */
  configuration(): RTCConfiguration;
  /** Gives the track that is sent in a call, such as the microphone's; a rejection fails the call's media. */
  openInput(call: CallKey): Promise<MediaStreamTrack>;
  /** The call does not send that track any more. */
  closeInput(call: CallKey, track: MediaStreamTrack): void;
  /** Lets the peer be heard. */
  attach(call: CallKey, stream: MediaStream): void;
  /** The peer falls silent for good. */
  detach(call: CallKey): void;
  /** Makes a clip or a tone, to be sent in place of the input. */
  play(call: CallKey, source: AudioSource): Promise<Playing>;
  /**
   * Calls a function with payload and timestamp of each packet of telephone events that the peer sends (RFC 4733); without
   * this method no key presses are received.
   */
  watchKeys?(call: CallKey, receiver: RTCRtpReceiver, heard: (payload: Uint8Array, timestamp: number) => void): void;
  /** Called when a client begins to use the platform, and when it is closed. */
  start?(): void;
  stop?(): void;
  /** Set by the core: to be called when the input has changed and calls are to open it anew. */
  devicesChanged?: (() => void) | undefined;
}

/** How a browser's audio is used. */
export interface BrowserMediaOptions {
  /** STUN and TURN servers. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Anything else about peer connections. */
  readonly rtcConfiguration?: Readonly<RTCConfiguration>;
  /** The microphone's processing; by default echo cancellation, noise suppression and gain control are on. */
  readonly audio?: Readonly<MediaTrackConstraints>;
  /**
   * Whether key presses of peers are received, by a worker that their audio passes through; they are unless this is false.
   * Where a bundler does not take `keys-worker.js` along, this is its address (`rvoip/keys-worker`).
   */
  readonly watchKeys?: boolean | string | URL;
  /** Devices and volume to begin with; shared between clients if they are given the same. */
  readonly devices?: AudioDevices;
}

/** Microphone, loudspeaker and clips of a browser. Touches nothing of it before a call needs it. */
export class BrowserMedia implements MediaPlatform {
  /** Which microphone and loudspeaker are used, and how loud. */
  readonly devices: AudioDevices;
  devicesChanged: (() => void) | undefined;

  readonly #options: BrowserMediaOptions;
  readonly #outputs = new Map<CallKey, HTMLAudioElement>();
  readonly #playing = new Set<Playback>();
  readonly #keys = new KeyWatch();
  #context: AudioContext | undefined;
  #started: AbortController | undefined;

  constructor(options: BrowserMediaOptions = {}) {
    this.#options = options;
    this.devices = options.devices ?? new AudioDevices();
  }

  start(): void {
    this.#started = new AbortController();
    const { signal } = this.#started;
    this.devices.addEventListener("input", () => this.devicesChanged?.(), { signal });
    const route = (): void => this.#outputs.forEach((output) => this.#route(output));
    this.devices.addEventListener("output", route, { signal });
    const { watchKeys = true } = this.#options;
    if (watchKeys !== false) this.#keys.start(watchKeys === true ? undefined : watchKeys);
  }

  stop(): void {
    this.#started?.abort();
    this.#keys.stop();
  }

  watchKeys(call: CallKey, receiver: RTCRtpReceiver, heard: (payload: Uint8Array, timestamp: number) => void): void {
    this.#keys.watch(call, receiver, heard);
  }

  configuration(): RTCConfiguration {
    const configuration: RTCConfiguration = { ...this.#options.rtcConfiguration };
    if (this.#options.iceServers !== undefined) configuration.iceServers = [...this.#options.iceServers];
    return configuration;
  }

  async openInput(_: CallKey): Promise<MediaStreamTrack> {
    if (globalThis.navigator?.mediaDevices === undefined) {
      throw new Error("there is no microphone here: a page needs https or localhost to use one");
    }
    const [track] = (await this.#microphone()).getAudioTracks();
    if (track === undefined) throw new Error("the microphone gave no audio");
    // Not told of one that we stop: this one was taken away.
    track.addEventListener("ended", () => this.devicesChanged?.());
    return track;
  }

  closeInput(_: CallKey, track: MediaStreamTrack): void {
    track.stop();
  }

  attach(call: CallKey, stream: MediaStream): void {
    const output = this.#outputs.get(call) ?? new Audio();
    this.#outputs.set(call, output);
    if (output.srcObject !== stream) output.srcObject = stream;
    output.autoplay = true;
    this.#route(output);
    this.#start(output);
  }

  detach(call: CallKey): void {
    this.#keys.forget(call);
    const output = this.#outputs.get(call);
    this.#outputs.delete(call);
    if (output === undefined) return;
    output.pause();
    output.srcObject = null;
  }

  async play(_: CallKey, source: AudioSource): Promise<Playing> {
    const context = (this.#context ??= new AudioContext());
    const playback = new Playback(context, source);
    this.#playing.add(playback);
    const over = (): void => this.#over(playback);
    playback.ended.then(over, over);
    await playback.started;
    return playback;
  }

  /** Without anything to play no context is kept: a browser has few. */
  #over(playback: Playback): void {
    this.#playing.delete(playback);
    if (this.#playing.size > 0) return;
    void this.#context?.close();
    this.#context = undefined;
  }

  /** The chosen microphone, or the browser's own choice where that is gone. */
  async #microphone(): Promise<MediaStream> {
    const audio: MediaTrackConstraints = { ...this.#options.audio };
    const { input } = this.devices;
    if (input === "") return navigator.mediaDevices.getUserMedia({ audio });
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: { ...audio, deviceId: { exact: input } } });
    } catch (error) {
      const gone = error instanceof Error && ["OverconstrainedError", "NotFoundError"].includes(error.name);
      if (!gone) throw error;
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      this.devices.forgetInput(input);
      return stream;
    }
  }

  #route(output: HTMLAudioElement): void {
    output.volume = this.devices.volume;
    if (typeof output.setSinkId !== "function" || output.sinkId === this.devices.output) return;
    output.setSinkId(this.devices.output).catch(report);
  }

  /** A page that nobody has touched yet may not make a sound: then the first touch starts it. */
  #start(output: HTMLAudioElement): void {
    output.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      const touch = new AbortController();
      const start = (): void => {
        touch.abort();
        if (output.srcObject !== null) this.#start(output);
      };
      for (const kind of ["pointerdown", "keydown"]) globalThis.addEventListener(kind, start, { signal: touch.signal });
    });
  }
}
