import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { complaints, startChromium } from "../support/chromium.js";
import { web } from "../support/paths.js";
import { serve } from "../support/serve.js";

let place: string;
let packed: readonly string[];
let browser: Browser;

/** What every consumer's page runs: it tells in its title what the library can do. */
const PAGE = `
  await init(WASM);
  const client = await Client.create();
  document.title = client.capabilities().transports.join();
  await client.close();`;

before(async () => {
  place = mkdtempSync(join(tmpdir(), "rvoip-consumer-"));
  const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", place], { cwd: web, encoding: "utf8" });
  const report: unknown = JSON.parse(printed);
  const [tarball] = readdirSync(place);
  assert.ok(tarball?.endsWith(".tgz"), printed);
  packed = [...JSON.stringify(report).matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path ?? "");
  writeFileSync(join(place, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }');
  const install = ["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`];
  execFileSync("npm", install, { cwd: place, stdio: "pipe" });
  browser = await startChromium();
});

after(async () => {
  await browser?.close();
  rmSync(place, { recursive: true, force: true });
});

function write(folder: string, files: Readonly<Record<string, string>>): string {
  const root = join(place, folder);
  mkdirSync(root, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

const html = (script: string): string =>
  `<!doctype html><html lang="en"><head><title>loading</title></head><body><script type="module" src="${script}"></script></body></html>`;

/** Opens a page under the strict content policy and waits for its title. */
async function titleOf(folders: Readonly<Record<string, string>>, path = "/"): Promise<string> {
  await using site = await serve(folders);
  const page = await browser.newPage();
  const told = complaints(page);
  try {
    await page.goto(site.url + path);
    await page.waitForFunction(() => document.title !== "loading", undefined, { timeout: 10_000 }).catch(() => undefined);
    assert.deepEqual(told.filter((line) => !line.includes("404")), []);
    return await page.title();
  } finally {
    await page.close();
  }
}

test("the tarball holds what is used, and no source or test", () => {
  for (const name of ["dist/index.js", "dist/index.d.ts", "dist/inline.js", "dist/wasm/rvoip_wasm_bg.wasm", "README.md"]) {
    assert.ok(packed.includes(name), `${name} is missing in ${packed.join()}`);
  }
  assert.deepEqual(packed.filter((name) => !/^(dist\/|README\.md$|package\.json$|LICENSE$)/.test(name)), []);
});

test("a page built by Vite loads the WebAssembly that Vite emitted", async () => {
  const root = write("vite", {
    "index.html": html("./main.ts"),
    "main.ts": `import init, { Client } from "rvoip";\n${PAGE.replace("WASM", "")}`,
  });
  await vite({ root, base: "./", logLevel: "error", configFile: false, build: { target: "es2022" } });
  assert.ok(readdirSync(join(root, "dist/assets")).some((name) => name.endsWith(".wasm")));
  assert.equal(await titleOf({ "/": join(root, "dist") }), "ws,wss");
});

test("a page built by Vite from the inlined entry needs no other file", async () => {
  const root = write("vite-inline", {
    "index.html": html("./main.ts"),
    "main.ts": `import init, { Client } from "rvoip/inline";\n${PAGE.replace("WASM", "")}`,
  });
  await vite({ root, base: "./", logLevel: "error", configFile: false, build: { target: "es2022" } });
  assert.deepEqual(readdirSync(join(root, "dist/assets")).filter((name) => name.endsWith(".wasm")), []);
  assert.equal(await titleOf({ "/": join(root, "dist") }), "ws,wss");
});

test("a bundle of esbuild takes the WebAssembly by its address or inlined", async () => {
  const root = write("esbuild", {
    "address.js": `import init, { Client } from "rvoip";\nimport wasm from "rvoip/wasm";\n${PAGE.replace("WASM", "wasm")}`,
    "inline.js": `import init, { Client } from "rvoip/inline";\n${PAGE.replace("WASM", "")}`,
    "address.html": html("./out/address.js"),
    "inline.html": html("./out/inline.js"),
  });
  for (const entry of ["address", "inline"]) {
    await esbuild({
      entryPoints: [join(root, `${entry}.js`)],
      outdir: join(root, "out"),
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      loader: { ".wasm": "file" },
      publicPath: "/out/",
      logLevel: "error",
    });
    assert.equal(await titleOf({ "/": root }, `/${entry}.html`), "ws,wss");
  }
});

test("a plain module script runs from static files, without any tool", async () => {
  const root = write("plain", {
    "index.html": html("./app.js"),
    "app.js": `import init, { Client } from "./rvoip/index.js";\n${PAGE.replace("WASM", "")}`,
  });
  assert.equal(await titleOf({ "/": root, "/rvoip/": join(place, "node_modules/rvoip/dist") }), "ws,wss");
});

const CONSUMER = `
import init, { AuthenticationFailedError, Client, RvoipError } from "rvoip";
import type { Call, Event } from "rvoip";

function show(event: Event): string {
  switch (event.type) {
    case "digit_received":
      return event.digit;
    case "call_state_changed":
      return event.cause?.type ?? event.state;
    default:
      return event.type;
  }
}

export async function main(): Promise<Call> {
  await init();
  const client = await Client.create({ media: { levels_interval: 0.2 } });
  const alice = await client.account("sip:alice@example.com", { password: "secret" }).register();
  const call: Call = await alice.call("sip:bob@example.com", { signal: AbortSignal.timeout(1000) });
  try {
    await call.answered();
  } catch (error) {
    if (error instanceof AuthenticationFailedError) console.log(error.status?.toFixed());
    else if (error instanceof RvoipError && error.kind === "rejected") console.log(error.reason);
  }
  for await (const event of call.events()) console.log(show(event));
  const digits: string = await call.collectDigits(4, 10_000);
  client.on("incoming_call", (event) => console.log(event.from, digits));
  return call;
}
`;

const MISUSE = `
import { Client } from "rvoip";
import type { Event } from "rvoip";
const client = await Client.create();
const call = client.call(1);
// @ts-expect-error a misspelt setting
await Client.create({ users_agent: "x" });
// @ts-expect-error an account without an address
client.account({ password: "secret" });
// @ts-expect-error the constructor is not public
new Client();
// @ts-expect-error a status is a number
call.reject("busy");
// @ts-expect-error no such event
client.on("call_started", () => undefined);
// @ts-expect-error no such field of this event
client.on("digit_received", (event) => event.cause);
// @ts-expect-error a field that not every event has
export const wrong = (event: Event): unknown => event.digit;
`;

for (const [module, moduleResolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]] as const) {
  test(`a strict consumer compiles with module resolution ${moduleResolution}, and misuse does not`, () => {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      module,
      moduleResolution,
    };
    const root = write(`tsc-${moduleResolution}`, {
      "main.ts": CONSUMER,
      "misuse.ts": MISUSE,
      "tsconfig.json": JSON.stringify({ compilerOptions, files: ["main.ts", "misuse.ts"] }),
    });
    const { stdout, status } = spawnSync(join(web, "node_modules/.bin/tsc"), ["-p", root], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
}
