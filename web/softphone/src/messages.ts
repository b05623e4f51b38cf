import { announce, byId, make } from "./dom.js";
import { shortName } from "./words.js";

/** Adds a message to the list; those who hear the page are told of one that arrived. */
export function showMessage(who: string, text: string, direction: "in" | "out"): HTMLElement {
  const list = byId("messages", HTMLOListElement);
  byId("no-messages", HTMLParagraphElement).hidden = true;
  const time = new Date();
  const item = make("li", {
    class: direction,
    children: [
      make("span", { class: "who", text: direction === "in" ? shortName(who) : `To ${shortName(who)}` }),
      make("time", {
        text: time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
        attributes: { datetime: time.toISOString() },
      }),
      make("p", { text }),
    ],
  });
  list.append(item);
  while (list.children.length > 200) list.firstElementChild?.remove();
  item.scrollIntoView({ block: "nearest" });
  if (direction === "in") announce(`Message from ${shortName(who)}: ${text}`);
  return item;
}

/** Marks a message that did not arrive. */
export function markFailed(item: HTMLElement, why: string): void {
  item.classList.add("failed");
  item.append(make("p", { class: "note", text: `Not delivered. ${why}` }));
}
