import { make } from "./dom.js";

const KEYS: readonly (readonly [key: string, letters: string, spoken: string])[] = [
  ["1", "", "1"],
  ["2", "ABC", "2"],
  ["3", "DEF", "3"],
  ["4", "GHI", "4"],
  ["5", "JKL", "5"],
  ["6", "MNO", "6"],
  ["7", "PQRS", "7"],
  ["8", "TUV", "8"],
  ["9", "WXYZ", "9"],
  ["*", "", "star"],
  ["0", "+", "0"],
  ["#", "", "hash"],
];

/** The twelve keys of a phone; the arrow keys move between them, and each stops at one place in the order of focus. */
export function fillKeypad(pad: HTMLElement, press: (key: string) => void): void {
  const keys = KEYS.map(([key, letters, spoken], index) =>
    make("button", {
      class: "key",
      attributes: { "aria-label": spoken, tabindex: index === 0 ? "0" : "-1" },
      onclick: () => press(key),
      children: [make("span", { text: key }), make("small", { text: letters })],
    }),
  );
  const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 };
  pad.replaceChildren(...keys);
  pad.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    const from = keys.findIndex((key) => key === document.activeElement);
    const to = keys[from + (step ?? 0)];
    if (step === undefined || from < 0 || to === undefined) return;
    event.preventDefault();
    keys[from]?.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  });
}
