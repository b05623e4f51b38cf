// Events that come through the WebAssembly boundary a second, in node: a new listener hears of every account at once, so that
// nothing but the way from the queue to the loop of the application is measured.
// Usage: node events.js DIST WASM, the folder of our built package and its module.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ACCOUNTS = 50;

const [dist, wasm] = process.argv.slice(2);
const { Client, initSync } = await import(pathToFileURL(join(dist, "index.js")));
initSync(readFileSync(wasm));
const client = await Client.create();
for (let at = 0; at < ACCOUNTS; at += 1) {
  await client.account(`sip:user${at}@example.com`, { outbound_proxy: "wss://example.com" }).add();
}

/** Hears of every account once. */
async function hear() {
  const heard = new Set();
  for await (const event of client.events()) {
    if (event.type !== "registration_changed") throw new Error(`there came ${JSON.stringify(event)}`);
    heard.add(event.account);
    if (heard.size === ACCOUNTS) return;
  }
  throw new Error(`only ${heard.size} events came`);
}

async function rate(milliseconds) {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < milliseconds) {
    await hear();
    count += ACCOUNTS;
  }
  return (count / (performance.now() - start)) * 1000;
}

await rate(300);
let best = 0;
for (let round = 0; round < 5; round += 1) best = Math.max(best, await rate(400));
console.log(`Events through the boundary, node ${process.versions.node}: ${Math.round(best)} a second, ${(1e6 / best).toFixed(2)} µs each`);
await client.close();
