import init from "rvoip";
import { setUpAccountForm } from "./account.js";
import type { SignIn } from "./account.js";
import { alertUser, byId } from "./dom.js";
import { fillKeypad } from "./keypad.js";
import { Phone } from "./phone.js";
import { explain } from "./words.js";

let phone: Phone | undefined;

const signInSection = byId("sign-in", HTMLElement);
const phoneSection = byId("phone", HTMLDivElement);
const signOutButton = byId("sign-out", HTMLButtonElement);
const number = byId("number", HTMLInputElement);

function show(signedIn: boolean): void {
  signInSection.hidden = signedIn;
  phoneSection.hidden = !signedIn;
  signOutButton.hidden = !signedIn;
  (signedIn ? number : byId("password", HTMLInputElement)).focus();
}

async function signIn(entered: SignIn): Promise<void> {
  const button = signInSection.querySelector("button");
  if (button?.disabled === true) return;
  if (button !== null) button.disabled = true;
  try {
    await init();
    phone = await Phone.signIn(entered);
    show(true);
  } catch (error) {
    alertUser(explain(error));
  } finally {
    if (button !== null) button.disabled = false;
  }
}

async function signOut(): Promise<void> {
  const leaving = phone;
  phone = undefined;
  show(false);
  await leaving?.signOut();
}

/** Runs something of the phone, and tells what went wrong. */
function attempt(what: Promise<unknown> | undefined): void {
  what?.catch((error: unknown) => alertUser(explain(error)));
}

setUpAccountForm((entered) => void signIn(entered));
signOutButton.addEventListener("click", () => attempt(signOut()));

fillKeypad(byId("pad", HTMLDivElement), (key) => {
  number.value += key;
});
byId("erase", HTMLButtonElement).addEventListener("click", () => {
  number.value = number.value.slice(0, -1);
  number.focus();
});
byId("dial", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = number.value.trim();
  if (typed === "") return;
  attempt(phone?.call(typed));
  number.value = "";
});
byId("message", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("message-text", HTMLInputElement);
  attempt(phone?.message(byId("message-to", HTMLInputElement).value, text.value));
  text.value = "";
  text.focus();
});
