import { Client } from "rvoip";
import type { Account, Call, EventOf } from "rvoip";
import type { SignIn } from "./account.js";
import { CallCard, isUp } from "./call-card.js";
import { alertUser, byId } from "./dom.js";
import { Incoming } from "./incoming.js";
import { markFailed, showMessage } from "./messages.js";
import { refreshSound, setUpSound } from "./sound.js";
import { explain, registrationWords, shortName, toUri } from "./words.js";

/** A person who is signed in: one client with one account, and what the page shows of it. */
export class Phone {
  readonly #client: Client;
  readonly #account: Account;
  readonly #own: string;
  readonly #cards = new Map<number, CallCard>();
  readonly #incoming: Incoming;
  readonly #ticking: ReturnType<typeof setInterval>;
  readonly #off = new AbortController();

  private constructor(client: Client, account: Account, own: string) {
    this.#client = client;
    this.#account = account;
    this.#own = own;
    this.#incoming = new Incoming(
      () => [...this.#cards.values()].some((card) => card.active),
      (call) => this.#answer(call),
      (call) => this.#tell(call.reject(486)),
    );
    this.#ticking = setInterval(() => this.#cards.forEach((card) => card.tick()), 500);
    const { signal } = this.#off;
    client.on("registration_changed", (event) => this.#registration(event), { signal });
    client.on("incoming_call", (event) => this.#ring(event), { signal });
    client.on("call_state_changed", (event) => {
      if (event.state === "ended") this.#incoming.remove(event.call);
    }, { signal });
    client.on("message_received", (event) => {
      showMessage(event.from, event.text, "in");
      const to = byId("message-to", HTMLInputElement);
      if (to.value === "") to.value = shortName(event.from);
    }, { signal });
    client.on("recovering", () => showRegistration("registering", "Connection lost, coming back…"), { signal });
    client.on("recovered", () => showRegistration("registered"), { signal });
    if (client.devices !== undefined) setUpSound(client.devices);
  }

  /** Starts a client and registers. */
  static async signIn(entered: SignIn): Promise<Phone> {
    const own = entered.address.replace(/^(?!sips?:)/i, "sip:");
    const client = await Client.create(
      { media: { levels_interval: 0.2, statistics_interval: 2 } },
      { media: { iceServers: iceServers(entered) } },
    );
    try {
      showRegistration("registering");
      const account = await client
        .account(own, {
          password: entered.password,
          auth_user: entered.authUser === "" ? undefined : entered.authUser,
          outbound_proxy: entered.server,
        })
        .register();
      showRegistration("registered");
      return new Phone(client, account, own);
    } catch (error) {
      showRegistration("failed");
      client.close().catch(console.error);
      throw error;
    }
  }

  /** Calls what was typed. */
  async call(typed: string): Promise<void> {
    this.#park();
    const call = await this.#account.call(toUri(typed, this.#own));
    this.#show(call)?.focus();
  }

  /** Sends a message: within a call with that person if there is one. */
  async message(typed: string, text: string): Promise<void> {
    const to = toUri(typed, this.#own);
    const item = showMessage(to, text, "out");
    const call = this.#client.calls().find((call) => isWith(call, to));
    try {
      if (call !== undefined) return await call.message(text);
      const { status, reason } = await this.#account.message(to, text);
      if (status >= 300) markFailed(item, `${reason} (${status})`);
    } catch (error) {
      markFailed(item, explain(error));
    }
  }

  /** Hangs up, unregisters and ends. The page shows nothing of it any more. */
  async signOut(): Promise<void> {
    clearInterval(this.#ticking);
    this.#off.abort();
    this.#incoming.clear();
    for (const card of this.#cards.values()) card.forget();
    this.#cards.clear();
    this.#showNone();
    showRegistration("unregistered");
    await this.#client.close();
  }

  #ring({ call, from, from_name }: EventOf<"incoming_call">): void {
    this.#incoming.add(this.#client.call(call), from_name ?? shortName(from));
  }

  #answer(call: Call): void {
    this.#park();
    this.#show(call)?.focus();
    this.#tell(call.answer());
  }

  #show(call: Call): CallCard | undefined {
    const info = call.info;
    if (info === undefined) return undefined;
    const card = new CallCard(call, info, {
      activated: (active) => {
        this.#park(active.key);
        if (this.#client.devices !== undefined) refreshSound(this.#client.devices);
      },
      write: (peer) => {
        byId("message-to", HTMLInputElement).value = shortName(peer);
        byId("message-text", HTMLInputElement).focus();
      },
      gone: (gone) => {
        this.#cards.delete(gone.key);
        this.#showNone();
      },
    });
    this.#cards.set(call.key, card);
    byId("calls", HTMLUListElement).prepend(card.element);
    this.#showNone();
    return card;
  }

  /** Puts every active call on hold but one. */
  #park(except?: number): void {
    for (const [key, card] of this.#cards) if (key !== except) card.park();
  }

  #registration({ state, status, reason }: EventOf<"registration_changed">): void {
    const why = state === "failed" && reason !== null ? ` – ${reason}${status === null ? "" : ` (${status})`}` : "";
    showRegistration(state, `${registrationWords[state]}${why}`);
  }

  #showNone(): void {
    byId("no-calls", HTMLParagraphElement).hidden = this.#cards.size > 0;
  }

  #tell(verb: Promise<unknown>): void {
    verb.catch((error: unknown) => alertUser(explain(error)));
  }
}

/** The server that helps to find a way, if one was entered. */
function iceServers({ ice, turnUser, turnPassword }: SignIn): RTCIceServer[] {
  if (ice === "") return [];
  return [/^turns?:/i.test(ice) ? { urls: ice, username: turnUser, credential: turnPassword } : { urls: ice }];
}

/** Whether a call is up with somebody. */
function isWith(call: Call, uri: string): boolean {
  const info = call.info;
  return info !== undefined && isUp(info) && shortName(info.peer) === shortName(uri);
}

/** Shows how the registration stands. */
export function showRegistration(state: keyof typeof registrationWords, text = registrationWords[state]): void {
  const shown = byId("registration", HTMLParagraphElement);
  shown.textContent = text;
  shown.dataset["state"] = state;
}
