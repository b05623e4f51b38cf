import { byId } from "./dom.js";

/** What a person signs in with. */
export interface SignIn {
  readonly address: string;
  readonly password: string;
  readonly server: string;
  readonly authUser: string;
  readonly stun: string;
}

const STORED = "softphone.account";
const FIELDS = ["address", "server", "authUser", "stun"] as const;

/** Shows what was stored and tells what is entered; all but the password is stored. */
export function setUpAccountForm(signIn: (entered: SignIn) => void): void {
  const form = byId("account", HTMLFormElement);
  const field = (name: string): HTMLInputElement => {
    const input = form.elements.namedItem(name);
    if (!(input instanceof HTMLInputElement)) throw new Error(`the form has no field ${name}`);
    return input;
  };
  const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? "{}");
  if (typeof stored === "object" && stored !== null) {
    for (const [name, value] of Object.entries(stored)) {
      if (FIELDS.some((one) => one === name) && typeof value === "string") field(name).value = value;
    }
  }
  if (field("address").value !== "") field("password").focus();
  else field("address").focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [address = "", server = "", authUser = "", stun = ""] = FIELDS.map((name) => field(name).value.trim());
    localStorage.setItem(STORED, JSON.stringify({ address, server, authUser, stun }));
    signIn({ address, password: field("password").value, server, authUser, stun });
    field("password").value = "";
  });
}
