// What a page has to load: each library bundled and minified by esbuild, and after `gzip -9`.
// Usage: node size.js DIST WASM, the folder of our built package and its module.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execFileSync } from "node:child_process";

const [dist, wasm] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const compressed = (bytes) => execFileSync("gzip", ["-9", "-n", "-c"], { input: bytes, maxBuffer: 1 << 24 }).length;

async function bundle(module) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from ${JSON.stringify(module)};`, resolveDir: here },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].contents;
}

const rows = [];
function row(name, parts) {
  const sum = (of) => parts.reduce((total, part) => total + of(part), 0);
  rows.push([name, sum((part) => part.length), sum(compressed)]);
}

const module = readFileSync(wasm);
row("rvoip: module and glue", [module, await bundle(join(dist, "wasm/rvoip_wasm.js"))]);
row("rvoip: the whole package", [module, await bundle(join(dist, "index.js"))]);
row("jssip", [await bundle("jssip")]);
row("sip.js", [await bundle("sip.js")]);

console.log("What a page loads, bundled and minified by esbuild");
for (const [name, plain, small] of rows) {
  const [, , ours] = rows[1];
  const ratio = (small / ours).toFixed(2);
  console.log(`  ${name.padEnd(26)} ${String(plain).padStart(8)} bytes  ${String(small).padStart(7)} gzip -9  ${ratio} x rvoip's`);
}
