/// <reference lib="esnext.disposable" preserve="true" />
import { Account, AccountBuilder } from "./account.js";
import type { AccountSettings } from "./account.js";
import { Call } from "./call.js";
import type { DeepPartial } from "./config.js";
import { core, guarded, report, run } from "./core.js";
import type { AudioDevices } from "./devices.js";
import { Events, Source } from "./events.js";
import { InvalidArgumentError } from "./errors.js";
import type { AccountKey, CallKey, Capabilities, ClientConfig } from "./generated/types.js";
import { BrowserMedia } from "./media.js";
import type { BrowserMediaOptions, MediaPlatform } from "./media.js";
import type { RawClient } from "./raw.js";

/** Settings of a client, of which everything may be left out. */
export type ClientSettings = DeepPartial<ClientConfig>;

/** What a client is given besides its settings. */
export interface ClientOptions {
  /** How the browser's audio is used, or something else to use in its place. */
  readonly media?: BrowserMediaOptions | MediaPlatform | undefined;
}

/**
 * A SIP endpoint: transports, accounts and calls.
 *
 * It ends with {@link close}, with `using` or `await using`, or with its page: then too it hangs up. One that is forgotten
 * ends when its garbage is collected, of which nobody knows when.
 */
export class Client extends Source implements AsyncDisposable, Disposable {
  readonly #raw: RawClient;
  readonly #media: MediaPlatform;
  readonly #hide: () => void;

  private constructor(raw: RawClient, media: MediaPlatform) {
    super();
    this.#raw = raw;
    this.#media = media;
    // Weak: what listens to the page would keep the client for as long as the page is there.
    const hidden = new WeakRef(raw);
    this.#hide = () => void hidden.deref()?.begin("close", undefined).catch(report);
    globalThis.addEventListener?.("pagehide", this.#hide);
    media.start?.();
  }

  /**
   * Starts a client.
   *
   * @throws {@link InvalidStateError} before `init()`, {@link InvalidArgumentError} for unusable settings.
   */
  static async create(settings: ClientSettings = {}, options: ClientOptions = {}): Promise<Client> {
    const { RawClient } = core();
    const media = isPlatform(options.media) ? options.media : new BrowserMedia(options.media);
    return new Client(
      guarded(() => new RawClient(settings, media)),
      media,
    );
  }

  /** @internal A client that was made by a harness. */
  static over(raw: RawClient, media: MediaPlatform): Client {
    return new Client(raw, media);
  }

  /** Begins to describe an account, by its address of record such as `sip:alice@example.com` or by its settings. */
  account(address: string, settings?: Omit<AccountSettings, "address">): AccountBuilder;
  account(settings: AccountSettings): AccountBuilder;
  account(address: string | AccountSettings, settings?: Omit<AccountSettings, "address">): AccountBuilder {
    return new AccountBuilder(this.#raw, typeof address === "string" ? { ...settings, address } : address);
  }

  /** The accounts, in the order in which they were added. */
  accounts(): Account[] {
    return guarded(() => this.#raw.state("accounts")).map((info) => new Account(this.#raw, info.account));
  }

  /** The handle of an account, such as one that a `registration_changed` event names. */
  accountOf(key: AccountKey): Account {
    return new Account(this.#raw, key);
  }

  /** The calls that live, oldest first. */
  calls(): Call[] {
    return guarded(() => this.#raw.state("calls")).map((info) => this.call(info.call));
  }

  /** The handle of a call, such as one that an `incoming_call` event names. */
  call(key: CallKey): Call {
    return new Call(this.#raw, key);
  }

  /** Listens to everything of this client. */
  override events(): Events {
    return new Events(guarded(() => this.#raw.listen("client")));
  }

  /** What this platform and build can do. */
  capabilities(): Capabilities {
    return guarded(() => this.#raw.state("capabilities"));
  }

  /** Microphone, loudspeaker and volume; none if the client was given a media platform of its own. */
  get devices(): AudioDevices | undefined {
    return this.#media instanceof BrowserMedia ? this.#media.devices : undefined;
  }

  /** How many transactions, dialogs, sessions, calls and requests live; 0 when the client is idle. */
  live(): number {
    return guarded(() => this.#raw.state("live"));
  }

  /** Ends calls and registrations, and waits until that is done or the deadline is over. Closing twice is fine. */
  async close(): Promise<void> {
    globalThis.removeEventListener?.("pagehide", this.#hide);
    try {
      await run(this.#raw, undefined, "close");
    } finally {
      this.#media.stop?.();
    }
  }

  /** Begins to close the client. */
  [Symbol.dispose](): void {
    this.close().catch(report);
  }

  /** Closes the client and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isPlatform(media: BrowserMediaOptions | MediaPlatform | undefined): media is MediaPlatform {
  if (media !== undefined && (typeof media !== "object" || media === null)) {
    throw new InvalidArgumentError("the media are neither settings nor a platform");
  }
  return media !== undefined && "openInput" in media;
}
