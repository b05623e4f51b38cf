import { AudioDevices } from "./devices.js";
import { report } from "./core.js";
import type { AudioSource, CallKey } from "./generated/types.js";
import { KeyWatch } from "./keys.js";
import { Playback } from "./playback.js";

/**
 * What only a page can touch; the core decides when. {@link BrowserMedia} is the one for browsers, an application may
 * bring its own.
 */
export interface MediaPlatform {
  /** How peer connections are made: ICE servers and the like. */
  configuration(): RTCConfiguration;
  /** Gives the track that is sent in a call, such as the microphone's; a rejection fails the call's media. */
  openInput(call: CallKey): Promise<MediaStreamTrack>;
  /** The call does not need its input any more. */
  closeInput(call: CallKey): void;
  /** Lets the peer be heard. */
  attach(call: CallKey, stream: MediaStream): void;
  /** The peer falls silent for good. */
  detach(call: CallKey): void;
  /** Gives a track that carries a clip or a tone, to be sent in place of the input. */
  play(call: CallKey, source: AudioSource): Promise<MediaStreamTrack>;
  /** Resolves when what is played has come to its own end. */
  playbackEnded(call: CallKey): Promise<void>;
  /** Stops what is played. */
  stopPlaying(call: CallKey): void;
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
  readonly #inputs = new Map<CallKey, MediaStream>();
  readonly #outputs = new Map<CallKey, HTMLAudioElement>();
  readonly #playing = new Map<CallKey, Playback>();
  readonly #keys = new KeyWatch();
  #context: AudioContext | undefined;

  constructor(options: BrowserMediaOptions = {}) {
    this.#options = options;
    this.devices = options.devices ?? new AudioDevices();
    this.devices.addEventListener("input", () => this.devicesChanged?.());
    this.devices.addEventListener("output", () => {
      for (const output of this.#outputs.values()) this.#route(output);
    });
  }

  start(): void {
    const { watchKeys = true } = this.#options;
    if (watchKeys !== false) this.#keys.start(watchKeys === true ? undefined : watchKeys);
  }

  stop(): void {
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

  async openInput(call: CallKey): Promise<MediaStreamTrack> {
    if (globalThis.navigator?.mediaDevices === undefined) {
      throw new Error("there is no microphone here: a page needs https or localhost to use one");
    }
    const audio: MediaTrackConstraints = { ...this.#options.audio };
    if (this.devices.input !== "") audio.deviceId = { exact: this.devices.input };
    const stream = await navigator.mediaDevices.getUserMedia({ audio, video: false });
    const [track] = stream.getAudioTracks();
    if (track === undefined) throw new Error("the microphone gave no audio");
    this.closeInput(call);
    this.#inputs.set(call, stream);
    return track;
  }

  closeInput(call: CallKey): void {
    for (const track of this.#inputs.get(call)?.getTracks() ?? []) track.stop();
    this.#inputs.delete(call);
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

  async play(call: CallKey, source: AudioSource): Promise<MediaStreamTrack> {
    this.#context ??= new AudioContext();
    const peer = this.#outputs.get(call)?.srcObject;
    const playback = await Playback.start(this.#context, source, peer instanceof MediaStream ? peer : undefined);
    this.#playing.get(call)?.stop();
    this.#playing.set(call, playback);
    return playback.track;
  }

  async playbackEnded(call: CallKey): Promise<void> {
    await this.#playing.get(call)?.ended;
  }

  stopPlaying(call: CallKey): void {
    this.#playing.get(call)?.stop();
    this.#playing.delete(call);
    if (this.#playing.size === 0 && this.#context !== undefined) {
      void this.#context.close();
      this.#context = undefined;
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
