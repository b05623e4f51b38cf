import type { Call } from "rvoip";
import { byId } from "./dom.js";
import { BELL, Ringer } from "./ringer.js";

/** The dialog for calls that ring here: one after the other, the oldest first. */
export class Incoming {
  readonly #dialog = byId("incoming", HTMLDialogElement);
  readonly #ringer = new Ringer(BELL);
  readonly #waiting: { readonly call: Call; readonly name: string }[] = [];
  readonly #title = document.title;
  readonly #isBusy: () => boolean;
  #before: Element | null = null;

  constructor(isBusy: () => boolean, answer: (call: Call) => void, decline: (call: Call) => void) {
    this.#isBusy = isBusy;
    const decide = (how: (call: Call) => void) => (): void => {
      const first = this.#waiting[0];
      if (first === undefined) return;
      this.remove(first.call.key);
      how(first.call);
    };
    byId("answer", HTMLButtonElement).addEventListener("click", decide(answer));
    byId("decline", HTMLButtonElement).addEventListener("click", decide(decline));
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      decide(decline)();
    });
  }

  /** Lets a call ring. */
  add(call: Call, name: string): void {
    this.#waiting.push({ call, name });
    this.#show();
  }

  /** The call rings no more. */
  remove(key: number): void {
    const index = this.#waiting.findIndex(({ call }) => call.key === key);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    this.#show();
  }

  /** No call rings any more. */
  clear(): void {
    this.#waiting.length = 0;
    this.#show();
  }

  #show(): void {
    const first = this.#waiting[0];
    if (first === undefined) {
      this.#ringer.stop();
      document.title = this.#title;
      if (this.#dialog.open) this.#dialog.close();
      if (this.#before instanceof HTMLElement) this.#before.focus();
      this.#before = null;
      return;
    }
    const busy = this.#isBusy();
    byId("incoming-from", HTMLParagraphElement).textContent = first.name;
    byId("incoming-note", HTMLParagraphElement).hidden = !busy;
    byId("answer", HTMLButtonElement).textContent = busy ? "Hold and answer" : "Answer";
    document.title = `☎ ${first.name}`;
    if (!busy) this.#ringer.start();
    if (this.#dialog.open) return;
    this.#before = document.activeElement;
    this.#dialog.showModal();
    // Whoever is typing does not answer with the next Enter.
    const typing = this.#before instanceof HTMLInputElement && this.#before.value !== "";
    if (typing) this.#dialog.focus();
    else byId("answer", HTMLButtonElement).focus();
  }
}
