import { guarded, verb } from "./core.js";
import type { VerbOptions } from "./core.js";
import { Events, Source } from "./events.js";
import type { AudioSink, AudioSource, CallInfo, CallKey, Cause } from "./generated/types.js";
import type { RawClient } from "./raw.js";

/** A call. It belongs to its client: forgetting a handle ends nothing, and {@link Client.call} finds the call again. */
export class Call extends Source {
  /** Names the call in events. */
  readonly key: CallKey;
  readonly #raw: RawClient;

  /** @internal */
  constructor(raw: RawClient, key: CallKey) {
    super();
    this.#raw = raw;
    this.key = key;
  }

  /** The call as it is now; none once it is over. */
  get info(): CallInfo | undefined {
    return guarded(() => this.#raw.call(this.key));
  }

  /**
   * Waits until the peer answers.
   *
   * @throws why the call ended instead: {@link RejectedError} with the peer's status, {@link AuthenticationFailedError},
   * {@link TimedOutError}, {@link UnreachableError}, {@link MediaFailedError}, {@link CallEndedError}.
   */
  answered(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.answered(this.key, signal));
  }

  /** Waits until the call is over, and says why. */
  ended(options?: VerbOptions): Promise<Cause> {
    return verb(options, (signal) => this.#raw.ended(this.key, signal));
  }

  /**
   * Answers an incoming call.
   *
   * @throws {@link InvalidStateError} unless it rings here, {@link CallEndedError} if the caller gave up.
   */
  answer(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.answer(this.key, signal));
  }

  /**
   * Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline).
   *
   * @throws {@link InvalidStateError} unless it rings here, {@link InvalidArgumentError} for another status.
   */
  reject(status = 486, options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.reject(this.key, status, signal));
  }

  /** Ends the call in whatever state it is: cancels, refuses or hangs up. Completes when it is over. */
  hangUp(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.hangUp(this.key, signal));
  }

  /**
   * Puts the peer on hold (RFC 3264 §8.4).
   *
   * @throws {@link InvalidStateError} unless connected, {@link RejectedError} if the peer refuses.
   */
  hold(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.hold(this.key, signal));
  }

  /** Takes the peer off hold. */
  resume(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.resume(this.key, signal));
  }

  /** Negotiates the media anew (re-INVITE, RFC 3261 §14). */
  reinvite(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.reinvite(this.key, signal));
  }

  /** Stops (true) or starts sending our audio; the peer hears silence. */
  mute(muted = true, options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.mute(this.key, muted, signal));
  }

  /**
   * Sends key presses (`0`–`9`, `*`, `#`, `A`–`D`, a comma pauses). Completes when all are sent.
   *
   * @throws {@link InvalidArgumentError} for other characters, {@link InvalidStateError} unless connected.
   */
  sendDtmf(digits: string, options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.sendDtmf(this.key, digits, signal));
  }

  /**
   * Waits for key presses of the peer, including earlier ones that nobody collected. Gives fewer than `count` if the time
   * is over, none at the worst.
   */
  collectDigits(count: number, withinMs: number, options?: VerbOptions): Promise<string> {
    return verb(options, (signal) => this.#raw.collectDigits(this.key, count, withinMs, signal));
  }

  /**
   * Plays to the peer in place of the microphone: the bytes of a sound file, a tone or an echo. A clip completes when it
   * was played to its end (its signal stops it); the others complete at once and go on until {@link stopPlaying}.
   */
  play(source: AudioSource | ArrayBuffer | Uint8Array, options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.play(this.key, toSource(source), signal));
  }

  /** Stops playing. */
  stopPlaying(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.stopPlaying(this.key, signal));
  }

  /** Records the peer's audio, where the platform can; see {@link Client.capabilities}. */
  record(sink: AudioSink, options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.record(this.key, sink, signal));
  }

  /** Stops recording; when it completes, the recording is complete. */
  stopRecording(options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.stopRecording(this.key, signal));
  }

  /** Sends a text within the call (MESSAGE, RFC 3428). */
  message(text: string, options?: VerbOptions): Promise<void> {
    return verb(options, (signal) => this.#raw.messageInCall(this.key, text, signal));
  }

  /**
   * Listens to this call. Its end is followed by its last figures, and then nothing more comes until the client closes: a loop
   * over the events leaves it by itself.
   */
  override events(): Events {
    return new Events(guarded(() => this.#raw.callEvents(this.key)));
  }
}

function toSource(source: AudioSource | ArrayBuffer | Uint8Array): AudioSource {
  if (source instanceof ArrayBuffer) return toSource(new Uint8Array(source));
  if (source instanceof Uint8Array) return { type: "bytes", wav: source, repeat: false };
  return source;
}
