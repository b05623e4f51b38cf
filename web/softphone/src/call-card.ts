import type { Call, CallInfo, CallStatistics, EventOf } from "rvoip";
import { alertUser, announce, make } from "./dom.js";
import { fillKeypad } from "./keypad.js";
import { RINGBACK, Ringer } from "./ringer.js";
import { duration, explain, explainCause, shortName } from "./words.js";

/** What a card asks of the page. */
export interface CardEvents {
  /** The call became active: others are to be put on hold. */
  readonly activated: (call: Call) => void;
  /** The person wants to write to the peer. */
  readonly write: (peer: string) => void;
  /** The call is over and the card gone. */
  readonly gone: (call: Call) => void;
}

/** One call on the page: who, how long, its buttons, its loudness and its quality. */
export class CallCard {
  readonly element = make("li", { class: "call" });
  readonly #call: Call;
  readonly #events: CardEvents;
  readonly #name: string;
  readonly #state = make("span", { class: "state" });
  readonly #timer = make("span", { class: "timer", attributes: { role: "timer", "aria-label": "Duration" } });
  readonly #hold = make("button", { text: "Hold", onclick: () => this.#toggleHold() });
  readonly #mute = make("button", { text: "Mute", attributes: { "aria-pressed": "false" }, onclick: () => this.#toggleMute() });
  readonly #keys = make("button", { text: "Keypad", attributes: { "aria-expanded": "false" }, onclick: () => this.#toggleKeys() });
  readonly #write = make("button", { text: "Message" });
  readonly #hangUp = make("button", { text: "Hang up", class: "stop", onclick: () => this.#run(this.#call.hangUp()) });
  readonly #pad = make("div", { class: "pad small", attributes: { role: "group", "aria-label": "Keys to send" } });
  readonly #pressed = make("output", { class: "digits", attributes: { "aria-label": "Keys sent" } });
  readonly #digits = make("output", { class: "digits", attributes: { "aria-label": "Keys received" } });
  readonly #ringback = new Ringer(RINGBACK);
  readonly #sent = meter("Your voice");
  readonly #received = meter("Their voice");
  readonly #quality = make("dl", { class: "quality", attributes: { "aria-label": "Quality" } });
  #since: number | undefined;
  readonly #off = new AbortController();

  constructor(call: Call, info: CallInfo, events: CardEvents) {
    this.#call = call;
    this.#events = events;
    this.#name = info.peer_name ?? shortName(info.peer);
    this.element.setAttribute("aria-label", `Call with ${this.#name}`);
    this.element.dataset["call"] = String(call.key);
    this.#write.addEventListener("click", () => events.write(info.peer));
    fillKeypad(this.#pad, (key) => this.#press(key));
    this.#pad.hidden = true;
    this.#pressed.hidden = this.#digits.hidden = true;
    // Whoever looks at the call can type, as on a phone.
    this.element.addEventListener("keydown", ({ key, ctrlKey, altKey, metaKey }) => {
      if (/^[\d*#]$/.test(key) && !ctrlKey && !altKey && !metaKey && this.active) this.#press(key);
    });
    this.element.append(
      make("div", {
        class: "row spread",
        children: [make("h3", { text: this.#name }), make("p", { class: "row", children: [this.#state, this.#timer] })],
      }),
      make("div", {
        class: "buttons",
        attributes: { role: "group", "aria-label": `Call with ${this.#name}` },
        children: [this.#hold, this.#mute, this.#keys, this.#write, this.#hangUp],
      }),
      this.#pressed,
      this.#digits,
      this.#pad,
      make("div", { class: "meters", children: [this.#sent.element, this.#received.element] }),
      this.#quality,
    );
    const { signal } = this.#off;
    call.on("call_state_changed", (event) => this.#changed(event), { signal });
    call.on("hold_changed", () => this.refresh(), { signal });
    call.on("levels_updated", (event) => {
      this.#sent.show(this.#speaks ? event.sent : 0);
      this.#received.show(event.received);
    }, { signal });
    call.on("statistics_updated", (event) => this.#showQuality(event.statistics), { signal });
    call.on("digit_received", (event) => addDigit(this.#digits, event.digit), { signal });
    call.on("recovering", () => this.#say("Connection lost, coming back…"), { signal });
    call.on("recovered", () => this.refresh(), { signal });
    this.refresh();
  }

  /** Whether the peers talk and we do not hold the call. */
  get active(): boolean {
    const info = this.#call.info;
    return info !== undefined && isUp(info) && !info.held_by_us;
  }

  /** Whether the peer hears what is said here. */
  get #speaks(): boolean {
    return this.active && this.#call.info?.muted !== true;
  }

  /** Puts the call on hold, if it is active. */
  park(): void {
    if (this.active) this.#run(this.#call.hold());
  }

  /** Shows the time that went by. */
  tick(): void {
    if (this.#since !== undefined) this.#timer.textContent = duration((performance.now() - this.#since) / 1000);
  }

  /** The person has signed out: nothing of the call is shown any more. */
  forget(): void {
    this.#off.abort();
    this.#ringback.stop();
    this.element.remove();
  }

  /** Puts the focus on the first button. */
  focus(): void {
    (this.#hold.disabled ? this.#hangUp : this.#hold).focus();
  }

  /** Shows the call as it is now. */
  refresh(): void {
    const info = this.#call.info;
    if (info === undefined) return;
    const up = isUp(info);
    if (!this.#speaks) this.#sent.show(0);
    if (up) this.#since ??= performance.now();
    if (info.state === "ringing" && info.direction === "outgoing") this.#ringback.start();
    else this.#ringback.stop();
    this.element.dataset["state"] = info.state;
    this.#say(words(info));
    this.#hold.textContent = info.held_by_us ? "Resume" : "Hold";
    this.#mute.textContent = info.muted ? "Unmute" : "Mute";
    this.#mute.setAttribute("aria-pressed", String(info.muted));
    for (const button of [this.#hold, this.#mute, this.#keys]) button.disabled = !up;
    this.#hangUp.textContent = up ? "Hang up" : "Cancel";
    this.tick();
  }

  #changed(event: EventOf<"call_state_changed">): void {
    if (event.state !== "ended") {
      this.refresh();
      if (event.state === "connected") this.#events.activated(this.#call);
      return;
    }
    this.#off.abort();
    this.#ringback.stop();
    const why = explainCause(event.cause);
    this.element.dataset["state"] = "ended";
    this.#say(why);
    announce(`${this.#name}: ${why}`);
    if (event.cause !== null && "reason" in event.cause) alertUser(why);
    const focused = this.element.contains(document.activeElement);
    for (const button of this.element.querySelectorAll("button")) button.disabled = true;
    setTimeout(() => {
      this.element.remove();
      this.#events.gone(this.#call);
    }, 2500);
    if (focused) document.getElementById("number")?.focus();
  }

  #say(text: string): void {
    if (this.#state.textContent === text) return;
    this.#state.textContent = text;
    announce(`${this.#name}: ${text}`);
  }

  #toggleHold(): void {
    const held = this.#call.info?.held_by_us === true;
    if (!held) return this.#run(this.#call.hold());
    this.#run(this.#call.resume().then(() => this.#events.activated(this.#call)));
  }

  #toggleMute(): void {
    const muted = this.#call.info?.muted === true;
    this.#run(this.#call.mute(!muted));
  }

  #toggleKeys(): void {
    this.#pad.hidden = !this.#pad.hidden;
    this.#keys.setAttribute("aria-expanded", String(!this.#pad.hidden));
    if (!this.#pad.hidden) this.#pad.querySelector("button")?.focus();
  }

  #press(key: string): void {
    addDigit(this.#pressed, key);
    this.#run(this.#call.sendDtmf(key));
  }

  #showQuality({ received, sent, round_trip_ms }: CallStatistics): void {
    const mos = received.mos ?? sent.mos;
    const entries: [string, string, string][] = [
      ["MOS", mos === null ? "–" : mos.toFixed(1), "mos"],
      ["Loss", `${(received.loss * 100).toFixed(1)} %`, "loss"],
      ["Jitter", `${received.jitter_ms.toFixed(0)} ms`, "jitter"],
      ["Round trip", round_trip_ms === null ? "–" : `${round_trip_ms.toFixed(0)} ms`, "round-trip"],
    ];
    this.#quality.replaceChildren(
      ...entries.map(([name, value, figure]) =>
        make("div", {
          attributes: { "data-figure": figure },
          children: [make("dt", { text: name }), make("dd", { text: value })],
        }),
      ),
    );
    this.#quality.dataset["grade"] = mos === null ? "unknown" : mos >= 4 ? "good" : mos >= 3.1 ? "fair" : "poor";
  }

  #run(verb: Promise<unknown>): void {
    verb.then(
      () => this.refresh(),
      (error: unknown) => {
        this.refresh();
        alertUser(explain(error));
      },
    );
  }
}

/** Whether a call is answered and not over. */
export function isUp(info: CallInfo): boolean {
  return info.state === "connected" || info.state === "on_hold";
}

function words(info: CallInfo): string {
  switch (info.state) {
    case "calling":
      return "Calling…";
    case "ringing":
    case "early_media":
      return info.direction === "outgoing" ? "Ringing…" : "Incoming";
    case "connected":
      return info.muted ? "Connected, muted" : "Connected";
    case "on_hold":
      return info.held_by_us ? (info.held_by_peer ? "On hold on both sides" : "On hold") : "They put you on hold";
    case "ended":
      return explainCause(info.cause);
  }
}

/** Shows one more key. */
function addDigit(row: HTMLOutputElement, digit: string): void {
  row.hidden = false;
  row.textContent = `${row.textContent ?? ""}${digit}`.slice(-24);
}

/** How loud somebody is; the scale is logarithmic, as the ear is. */
function meter(label: string): { readonly element: HTMLElement; readonly show: (level: number) => void } {
  const bar = make("meter", { attributes: { min: "0", max: "1", low: "0.05", high: "0.9", optimum: "0.5", "aria-label": label } });
  return {
    element: make("label", { children: [make("span", { text: label }), bar] }),
    show: (level) => {
      bar.value = level <= 0 ? 0 : Math.max(0, 1 + Math.log10(level) / 3);
    },
  };
}
