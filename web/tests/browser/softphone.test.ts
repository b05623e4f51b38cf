import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { build as vite } from "vite";
import { complaints, startChromium } from "../support/chromium.js";
import { repository, web } from "../support/paths.js";
import { serve } from "../support/serve.js";
import type { Site } from "../support/serve.js";
import { startServer } from "../support/server.js";
import type { Server, User } from "../support/server.js";

const CLIP = join(repository, "tests/vectors/speech/alice.wav");
/** Where pictures are kept for the README, if they are asked for. */
const PICTURES = process.env["RVOIP_SCREENSHOTS"];

let browser: Browser;
let site: Site;
let server: Server;
const told: string[][] = [];

before(async () => {
  await vite({ root: join(web, "softphone"), logLevel: "error" });
  [browser, site, server] = await Promise.all([
    startChromium(CLIP),
    serve({ "/": join(web, "softphone/dist") }),
    startServer("switch"),
  ]);
});

after(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

function user(index: number): User {
  const found = server.users[index];
  assert.ok(found, "the server has too few users");
  return found;
}

async function open(colorScheme: "light" | "dark"): Promise<Page> {
  const context = await browser.newContext({
    colorScheme,
    permissions: ["microphone"],
    ignoreHTTPSErrors: true,
    viewport: { width: 1080, height: 900 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  told.push(complaints(page));
  await page.goto(site.url);
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** Signs in with the keyboard alone. */
async function signIn(page: Page, { address, password }: User): Promise<void> {
  const keyboard = page.keyboard;
  await page.getByLabel("SIP address", { exact: true }).focus();
  await keyboard.type(address.replace("sip:", ""));
  await keyboard.press("Tab");
  await keyboard.type(password);
  await keyboard.press("Tab");
  await keyboard.type(server.ws);
  await keyboard.press("Enter");
}

/** Every control that a page shows now can be told by its name, and reached by the keyboard. */
async function assertAccessible(page: Page): Promise<void> {
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, input, select, textarea, meter, output, [role=timer], [role=log]")]
      .filter((element) => element.checkVisibility())
      .filter((element) => {
        const labels = "labels" in element && element.labels instanceof NodeList ? element.labels.length : 0;
        const named = labels > 0 || element.ariaLabel || element.textContent?.trim() || element.hasAttribute("aria-labelledby");
        // Of the keys of a pad the focus stops at one, and the arrow keys go to the others.
        const stops = element.closest("[role=group]")?.querySelector('[tabindex="0"]') ?? element;
        const reached = !element.matches("button, input, select, textarea") || element.matches(":disabled") || (stops as HTMLElement).tabIndex >= 0;
        return !named || !reached;
      })
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(unnamed, []);
}

/** Goes by the keyboard to a button that has the focus sooner or later, and presses it. */
async function pressByKeyboard(page: Page, name: string, key = "Enter"): Promise<void> {
  for (let steps = 0; steps < 40; steps++) {
    const focused = await page.evaluate(() => document.activeElement?.textContent?.trim());
    if (focused === name) return page.keyboard.press(key);
    await page.keyboard.press("Tab");
  }
  assert.fail(`the keyboard does not come to ${name}`);
}

const registration = (page: Page) => page.locator("#registration");
const call = (page: Page) => page.locator(".call");
const name = (user: User): string => user.address.replace("sip:", "");

test("two people use the softphone: sign in, call, answer, talk, hold, write, hang up", async () => {
  const alice = await open("light");
  const bob = await open("dark");
  await picture(alice, "sign-in");
  await assertAccessible(alice);

  await signIn(alice, { ...user(0), password: "wrong" });
  await alice.getByRole("alert").getByText("refused the user name or the password").waitFor();
  assert.equal(await alice.getByLabel("SIP address", { exact: true }).inputValue(), name(user(0)));
  await picture(alice, "wrong-password");
  await alice.getByLabel("Dismiss").click();
  for (const [page, who] of [[alice, user(0)], [bob, user(1)]] as const) {
    await page.getByLabel("SIP address", { exact: true }).fill("");
    await page.getByLabel("WebSocket server").fill("");
    await signIn(page, who);
    await registration(page).getByText("Ready").waitFor();
  }
  const stored = await alice.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.ok(stored.includes(name(user(0))) && !stored.includes(user(0).password), stored);

  // The field for the number has the focus after signing in; Enter calls.
  await picture(alice, "ready");
  await alice.keyboard.type(name(user(1)));
  await alice.keyboard.press("Enter");
  await call(alice).getByText("Ringing…").waitFor();
  const dialog = bob.getByRole("alertdialog", { name: "Incoming call" });
  await dialog.getByText(name(user(0))).waitFor();
  await picture(bob, "incoming");
  await assertAccessible(bob);
  // The button that answers has the focus.
  await bob.keyboard.press("Enter");
  for (const page of [alice, bob]) await call(page).getByText("Connected").waitFor();
  await alice.getByRole("timer").getByText(/^00:0[2-9]$/).waitFor();
  await alice.locator('[data-figure="mos"] dd', { hasText: /^[1-4]\.\d$/ }).waitFor();
  const level = alice.getByLabel("Their voice");
  await alice.waitForFunction(() => [...document.querySelectorAll("meter")].every((meter) => meter.value > 0.2));
  assert.ok(Number(await level.evaluate((meter: HTMLMeterElement) => meter.value)) >= 0);
  await picture(alice, "call");

  await pressByKeyboard(alice, "Keypad");
  // From 1 by the arrow keys to 5; digits can also be typed.
  for (const key of ["ArrowRight", "ArrowDown", "Enter", "7"]) await alice.keyboard.press(key);
  await bob.getByLabel("Keys received").getByText("57").waitFor();
  await assertAccessible(alice);
  await alice.getByRole("button", { name: "Keypad" }).click();

  await alice.getByRole("button", { name: "Mute", exact: true }).click();
  await alice.getByRole("button", { name: "Unmute" }).and(alice.locator('[aria-pressed="true"]')).click();

  await pressByKeyboard(bob, "Hold");
  await call(alice).getByText("They put you on hold").waitFor();
  await pressByKeyboard(bob, "Message");
  await bob.keyboard.type("one moment, please");
  await bob.keyboard.press("Enter");
  await alice.getByRole("log").getByText("one moment, please").waitFor();
  await picture(bob, "on-hold");
  await assertAccessible(bob);
  await pressByKeyboard(bob, "Resume", " ");
  await call(alice).getByText("Connected").waitFor();

  await pressByKeyboard(alice, "Hang up");
  await call(bob).getByText("They hung up").waitFor();
  for (const page of [alice, bob]) await page.getByText("No call at the moment.").waitFor();

  await alice.getByRole("button", { name: "Sign out" }).click();
  await registration(alice).getByText("Not signed in").waitFor();
  await alice.context().close();
  await bob.context().close();
});

test("a second call is declined, or answered while the first is held", async () => {
  const pages = await Promise.all([open("light"), open("light"), open("dark")]);
  const [alice, bob, carol] = pages;
  for (const [index, page] of pages.entries()) {
    await signIn(page, user(index));
    await registration(page).getByText("Ready").waitFor();
  }
  const ring = async (from: Page): Promise<void> => {
    await from.getByLabel("Number or SIP address").fill(name(user(0)));
    await from.keyboard.press("Enter");
    await alice.getByRole("alertdialog").waitFor();
  };
  await ring(bob);
  await alice.getByRole("button", { name: "Answer", exact: true }).click();
  await call(bob).getByText("Connected").waitFor();

  await ring(carol);
  await alice.getByRole("button", { name: "Decline" }).click();
  await carol.getByRole("alert").getByText("They are busy.").waitFor();
  await carol.getByText("No call at the moment.").waitFor();

  await ring(carol);
  await picture(alice, "second-call");
  await alice.getByRole("button", { name: "Hold and answer" }).click();
  await call(carol).getByText("Connected").waitFor();
  await call(bob).getByText("They put you on hold").waitFor();
  assert.equal(await call(alice).count(), 2);
  await picture(alice, "two-calls");

  await carol.getByRole("button", { name: "Hang up" }).click();
  await alice.getByRole("button", { name: "Resume" }).click();
  await call(bob).getByText("Connected").waitFor();
  // A page that goes away hangs up.
  await alice.close({ runBeforeUnload: true });
  await call(bob).getByText("They hung up").waitFor();
  for (const page of [bob, carol]) await page.context().close();
});

test("no page complained of anything", () => assert.deepEqual(told.flat(), []));
