// Which microphone is used, in the middle of a call.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Phone } from "./driver.js";
import { Pair } from "./pair.js";

let pair: Pair;
let alice: Phone;
let bob: Phone;
let own: number;
let others: number;

before(async () => {
  pair = await Pair.open("switch");
  ({ alice, bob } = pair);
  [own, others] = await alice.callTo(bob);
  await bob.listen(others, 3);
});

after(() => pair?.[Symbol.asyncDispose]());

/** The tracks that alice's page has opened: their devices, and whether they still run. */
const opened = (): Promise<{ device: string | undefined; runs: boolean }[]> =>
  alice.page.evaluate(() =>
    globalThis.phone.media.inputs.map((track) => ({
      device: track.getSettings().deviceId,
      runs: track.readyState === "live",
    })),
  );

/** Waits until she has opened so many. */
const waitForTracks = (count: number): Promise<unknown> =>
  alice.page.waitForFunction((count) => globalThis.phone.media.inputs.length >= count, count);

test("the devices are listed, and another microphone is taken at once", async () => {
  const { inputs } = await alice.page.evaluate(() => globalThis.phone.media.devices.list());
  assert.ok(inputs.length >= 2 && inputs.every(({ id, label }) => id !== "" && label !== ""), JSON.stringify(inputs));
  const [first] = await opened();
  const other = inputs.find(({ id }) => id !== first?.device && id !== "default");
  assert.ok(other);
  await alice.page.evaluate((id) => globalThis.phone.media.devices.selectInput(id), other.id);
  await waitForTracks(2);
  await bob.listen(others, 3);
  assert.deepEqual(await opened(), [{ ...first, runs: false }, { device: other.id, runs: true }]);
});

test("one that is not there is replaced by the browser's own choice, and the page is told", async () => {
  const told = alice.page.evaluate(() => {
    const { devices } = globalThis.phone.media;
    const told = new Promise<string>((resolve) => devices.addEventListener("list", () => resolve(devices.input), { once: true }));
    devices.selectInput("unplugged");
    return told;
  });
  assert.equal(await told, "");
  await waitForTracks(3);
  await bob.listen(others, 3);
  assert.deepEqual((await opened()).map(({ runs }) => runs), [false, false, true]);
});

test("one that is taken away in the middle of the call is followed by another", async () => {
  await alice.page.evaluate(() => {
    const track = globalThis.phone.media.inputs.at(-1);
    track?.stop();
    // What the browser does when the device goes; no page can pull a plug.
    track?.dispatchEvent(new Event("ended"));
  });
  await waitForTracks(4);
  await bob.listen(others, 3);
});

test("of two choices that follow fast on each other the second holds", async () => {
  const count = (await opened()).length;
  const last = await alice.page.evaluate(async () => {
    const { devices } = globalThis.phone.media;
    const { inputs } = await devices.list();
    const ids = inputs.map(({ id }) => id).filter((id) => id !== "default");
    for (const id of ids) devices.selectInput(id);
    return ids.at(-1);
  });
  await waitForTracks(count + 1);
  await bob.listen(others, 3);
  const running = (await opened()).filter(({ runs }) => runs);
  assert.deepEqual(running, [{ device: last, runs: true }]);
});

test("after the call no microphone is open, and no page complained", async () => {
  await alice.run(own, "hangUp");
  await bob.cause(others);
  await alice.page.waitForFunction(() => globalThis.phone.media.inputs.every((track) => track.readyState === "ended"));
  pair.assertContent();
});
