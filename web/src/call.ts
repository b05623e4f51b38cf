import { guarded, run } from "./core.js";
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
    return guarded(() => this.#raw.state("call", this.key)) ?? undefined;
  }

  /**
   * Waits until the peer answers.
   *
   * @throws why the call ended instead: {@link RejectedError} with the peer's status, {@link AuthenticationFailedError},
   * {@link TimedOutError}, {@link UnreachableError}, {@link MediaFailedError}, {@link CallEndedError}.
   */
  answered(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "answered", this.key);
  }

  /** Waits until the call is over, and says why. */
  ended(options?: VerbOptions): Promise<Cause> {
    return run(this.#raw, options, "ended", this.key);
  }

  /**
   * Answers an incoming call.
   *
   * @throws {@link InvalidStateError} unless it rings here, {@link CallEndedError} if the caller gave up.
   */
  answer(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "answer", this.key);
  }

  /**
   * Refuses an incoming call with a SIP status code (300 to 699; 486 is Busy Here, 603 Decline).
   *
   * @throws {@link InvalidStateError} unless it rings here, {@link InvalidArgumentError} for another status.
   */
  reject(status = 486, options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "reject", this.key, status);
  }

  /** Ends the call in whatever state it is: cancels, refuses or hangs up. Completes when it is over. */
  hangUp(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "hangUp", this.key);
  }

  /**
   * Puts the peer on hold (RFC 3264 §8.4).
   *
   * @throws {@link InvalidStateError} unless connected, {@link RejectedError} if the peer refuses.
   */
  hold(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "hold", this.key);
  }

  /** Takes the peer off hold. */
  resume(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "resume", this.key);
  }

  /** Negotiates the media anew (re-INVITE, RFC 3261 §14). */
  reinvite(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "reinvite", this.key);
  }

  /** Stops (true) or starts sending our audio; the peer hears silence. */
  mute(muted = true, options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "mute", this.key, muted);
  }

  /**
   * Sends key presses (`0`–`9`, `*`, `#`, `A`–`D`, a comma pauses for two seconds). Completes when all are sent.
   *
   * @throws {@link InvalidArgumentError} for other characters, {@link InvalidStateError} unless connected.
   */
  sendDtmf(digits: string, options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "sendDtmf", this.key, digits);
  }

  /**
   * Waits for key presses of the peer, including earlier ones that nobody collected. Gives fewer than `count` if the time
   * is over, none at the worst.
   */
  collectDigits(count: number, withinMs: number, options?: VerbOptions): Promise<string> {
    return run(this.#raw, options, "collectDigits", this.key, count, withinMs);
  }

  /**
   * Plays to the peer in place of the microphone: the bytes of a sound file, or a tone. A clip completes when it
   * was played to its end (its signal stops it); the others complete at once and go on until {@link stopPlaying}.
   */
  play(source: AudioSource | ArrayBuffer | Uint8Array, options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "play", this.key, toSource(source));
  }

  /** Stops playing. */
  stopPlaying(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "stopPlaying", this.key);
  }

  /** Records the peer's audio, where the platform can; see {@link Client.capabilities}. */
  record(sink: AudioSink, options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "record", this.key, sink);
  }

  /** Stops recording; when it completes, the recording is complete. */
  stopRecording(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "stopRecording", this.key);
  }

  /** Sends a text within the call (MESSAGE, RFC 3428). */
  message(text: string, options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "messageInCall", this.key, text);
  }

  /**
   * Listens to this call. Its end is followed by its last figures, and then nothing more comes until the client closes: a loop
   * over the events leaves it by itself.
   */
  override events(): Events {
    return new Events(guarded(() => this.#raw.listen("call", this.key)));
  }
}

function toSource(source: AudioSource | ArrayBuffer | Uint8Array): AudioSource {
  if (source instanceof ArrayBuffer) return toSource(new Uint8Array(source));
  if (source instanceof Uint8Array) return { type: "bytes", wav: source, repeat: false };
  return source;
}
