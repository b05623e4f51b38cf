import { byId } from "./dom.js";

/** What a person signs in with. */
export interface SignIn {
  readonly address: string;
  readonly password: string;
  readonly server: string;
  readonly authUser: string;
  readonly ice: string;
  readonly turnUser: string;
  readonly turnPassword: string;
}

const STORED = "softphone.account";
const FIELDS = ["address", "server", "authUser", "ice", "turnUser"] as const;
const SECRETS = ["password", "turnPassword"] as const;

/** Shows what was stored and tells what is entered; all but the passwords is stored. */
export function setUpAccountForm(signIn: (entered: SignIn) => void): void {
  const form = byId("account", HTMLFormElement);
  const field = (name: string): HTMLInputElement => {
    const input = form.elements.namedItem(name);
    if (!(input instanceof HTMLInputElement)) throw new Error(`the form has no field ${name}`);
    return input;
  };
  for (const [name, value] of Object.entries(load())) {
    if (FIELDS.some((one) => one === name) && typeof value === "string") field(name).value = value;
  }
  if (field("address").value !== "") field("password").focus();
  else field("address").focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [address = "", server = "", authUser = "", ice = "", turnUser = ""] = FIELDS.map((name) => field(name).value.trim());
    const [password = "", turnPassword = ""] = SECRETS.map((name) => field(name).value);
    store({ address, server, authUser, ice, turnUser });
    signIn({ address, password, server, authUser, ice, turnUser, turnPassword });
    field("password").value = "";
  });
}

/** What was stored; nothing where the browser keeps nothing, or what it keeps is not ours. */
function load(): object {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? "{}");
    return typeof stored === "object" && stored !== null ? stored : {};
  } catch {
    return {};
  }
}

function store(account: object): void {
  try {
    localStorage.setItem(STORED, JSON.stringify(account));
  } catch {
    // Then it is entered again next time.
  }
}
