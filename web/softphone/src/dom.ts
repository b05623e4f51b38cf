/** The element of the page with this id, which must be of this class. */
export function byId<T extends HTMLElement>(id: string, of: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof of)) throw new Error(`the page has no ${of.name} #${id}`);
  return found;
}

/** What an element is made with. */
interface Parts {
  readonly text?: string;
  readonly class?: string;
  readonly type?: "button" | "submit";
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onclick?: () => void;
  readonly children?: readonly Node[];
}

/** Makes an element. */
export function make<K extends keyof HTMLElementTagNameMap>(name: K, parts: Parts = {}): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (parts.text !== undefined) element.textContent = parts.text;
  if (parts.class !== undefined) element.className = parts.class;
  if (element instanceof HTMLButtonElement) element.type = parts.type ?? "button";
  for (const [attribute, value] of Object.entries(parts.attributes ?? {})) element.setAttribute(attribute, value);
  if (parts.onclick !== undefined) element.addEventListener("click", parts.onclick);
  element.append(...(parts.children ?? []));
  return element;
}

/** Says something to those who hear the page. */
export function announce(text: string): void {
  byId("announce", HTMLParagraphElement).textContent = text;
}

/** Shows a fault, which also those who hear the page are told at once. */
export function alertUser(text: string): void {
  const alerts = byId("alerts", HTMLDivElement);
  for (const old of [...alerts.children]) if (old.firstChild?.textContent === text) old.remove();
  const close = make("button", { text: "✕", class: "quiet", attributes: { "aria-label": "Dismiss" } });
  const alert = make("p", { class: "alert", children: [make("span", { text }), close] });
  close.addEventListener("click", () => alert.remove());
  alerts.append(alert);
  setTimeout(() => alert.remove(), 15_000);
}
