// Messages parsed a second in node: ours through the WebAssembly boundary, the others in JavaScript; then each reads the
// same header fields.
// Usage: node parse.js DIST WASM MESSAGE, the folder of our built package, its module and a file with a request.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Parser } from "sip.js/lib/core/messages/parser.js";

const [dist, wasm, file] = process.argv.slice(2);
const { initSync, parseMessage } = await import(pathToFileURL(join(dist, "index.js")));
initSync(readFileSync(wasm));
const jssip = createRequire(import.meta.url)("jssip/lib/Parser.js");
const text = readFileSync(file, "utf8");
const bytes = readFileSync(file);
const silent = { debug() {}, log() {}, warn() {}, error() {} };
const wanted = ["via", "from", "to", "call-id", "cseq", "contact"];

/** What was read, as a number, so that nothing can be left out. */
function ours(message) {
  const { headers } = parseMessage(message);
  return wanted.reduce((total, name) => total + headers.find((one) => one.name.toLowerCase() === name).value.length, 0);
}
function theirs(message) {
  return wanted.reduce((total, name) => total + message.getHeader(name).length, 0);
}

const candidates = [
  ["rvoip, from bytes", () => ours(bytes)],
  ["rvoip, from a string", () => ours(text)],
  ["jssip", () => theirs(jssip.parseMessage(text, {}))],
  ["sip.js", () => theirs(Parser.parseMessage(text, silent))],
];

const reads = candidates.map(([, parse]) => parse());
if (reads.some((read) => read === 0)) throw new Error(`not everything was read: ${reads}`);

function rate(parse, milliseconds) {
  const start = performance.now();
  let count = 0;
  let end = start;
  while (end - start < milliseconds) {
    for (let i = 0; i < 100; i += 1) parse();
    count += 100;
    end = performance.now();
  }
  return (count / (end - start)) * 1000;
}

for (const [, parse] of candidates) rate(parse, 300);
const best = candidates.map(() => 0);
// In turns, so that what else the machine does falls on all.
for (let round = 0; round < 5; round += 1) {
  candidates.forEach(([, parse], at) => (best[at] = Math.max(best[at], rate(parse, 400))));
}
console.log(`Messages of ${bytes.length} bytes parsed a second, node ${process.versions.node}`);
candidates.forEach(([name], at) => {
  const ratio = (best[at] / best[0]).toFixed(2);
  console.log(`  ${name.padEnd(22)} ${String(Math.round(best[at])).padStart(8)}  ${ratio} x rvoip's from bytes`);
});
