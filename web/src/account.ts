import { Call } from "./call.js";
import { guarded, run } from "./core.js";
import type { VerbOptions } from "./core.js";
import { Events, Source } from "./events.js";
import type { AccountConfig, AccountInfo, AccountKey, Answer, Registration } from "./generated/types.js";
import type { RawClient } from "./raw.js";

/** The settings of an account: all but the address may be left out. */
export type AccountSettings = Pick<AccountConfig, "address"> & {
  readonly [K in keyof AccountConfig]?: AccountConfig[K] | undefined;
};

/** An account that was described and not added to its client yet. */
export class AccountBuilder {
  readonly #raw: RawClient;
  readonly #settings: AccountSettings;

  /** @internal */
  constructor(raw: RawClient, settings: AccountSettings) {
    this.#raw = raw;
    this.#settings = settings;
  }

  /**
   * Adds the account without registering it, for calls without a registrar.
   *
   * @throws {@link InvalidArgumentError} if the address or another URI is none.
   */
  async add(): Promise<Account> {
    const key = await run(this.#raw, undefined, "addAccount", undefined, this.#settings);
    return new Account(this.#raw, key);
  }

  /**
   * Adds the account and registers it (RFC 3261 §10); it is kept registered until the client closes. If it cannot be
   * registered, or the signal is aborted before, there is no account.
   *
   * @throws those of {@link add} and of {@link Account.register}.
   */
  async register(options?: VerbOptions): Promise<Account> {
    const key = await run(this.#raw, options, "registerAccount", undefined, this.#settings);
    return new Account(this.#raw, key);
  }
}

/** An address of record. The account belongs to its client, not to its handles. */
export class Account extends Source {
  /** Names the account in events. */
  readonly key: AccountKey;
  readonly #raw: RawClient;

  /** @internal */
  constructor(raw: RawClient, key: AccountKey) {
    super();
    this.#raw = raw;
    this.key = key;
  }

  /** The account as it is now; none if there is none of this key. */
  get info(): AccountInfo | undefined {
    return guarded(() => this.#raw.state("account", this.key)) ?? undefined;
  }

  /**
   * Registers, and stays registered. Completes at once if the account is registered.
   *
   * @throws {@link AuthenticationFailedError} for a wrong password, {@link RejectedError} with the registrar's status,
   * {@link TimedOutError}, {@link UnreachableError}.
   */
  register(options?: VerbOptions): Promise<Registration> {
    return run(this.#raw, options, "register", this.key);
  }

  /** Removes the registration of this client's contact. */
  unregister(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "unregister", this.key);
  }

  /**
   * Removes the registration, and then the account, which is not heard of any more. Its calls go on.
   *
   * @throws {@link InvalidArgumentError} if it was removed before.
   */
  remove(options?: VerbOptions): Promise<void> {
    return run(this.#raw, options, "remove", this.key);
  }

  /**
   * Calls a URI; completes at once, with the call under way.
   *
   * @throws {@link InvalidArgumentError} if it is no URI, {@link BusyError} if too many calls are under way.
   */
  async call(to: string, options?: VerbOptions): Promise<Call> {
    const key = await run(this.#raw, options, "placeCall", this.key, to);
    return new Call(this.#raw, key);
  }

  /** Asks a peer what it can do (OPTIONS, RFC 3261 §11). Any final answer is given, also one that refuses. */
  options(to: string, options?: VerbOptions): Promise<Answer> {
    return run(this.#raw, options, "options", this.key, to);
  }

  /** Sends a text (MESSAGE, RFC 3428). Any final answer is given, also one that refuses. */
  message(to: string, text: string, options?: VerbOptions): Promise<Answer> {
    return run(this.#raw, options, "sendMessage", this.key, to, text);
  }

  /** Listens to this account: its registration, its incoming calls and messages. */
  override events(): Events {
    return new Events(guarded(() => this.#raw.listen("account", this.key)));
  }
}
