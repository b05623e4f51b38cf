import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { startChromium } from "../support/chromium.js";
import { repository, web } from "../support/paths.js";
import { serve } from "../support/serve.js";
import { startServer } from "../support/server.js";
import { Phone } from "./driver.js";

/** What the microphones of both pages say: not what the greeting says. */
const CLIP = join(repository, "tests/vectors/speech/bob.wav");
const GREETING = join(repository, "sdk/cli/assets/alice.wav");

test("the README's call: bob hears the greeting, and his four keys are read", async () => {
  const folder = join(web, "build/browser/example");
  mkdirSync(folder, { recursive: true });
  copyFileSync(GREETING, join(folder, "hello.wav"));
  copyFileSync(join(web, "dist/keys-worker.js"), join(folder, "keys-worker.js"));
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><html lang="en"><head><title>loading</title><script type="module" src="page.js"></script></head></html>',
  );
  await build({
    stdin: {
      contents: 'import { place } from "./call.js"; globalThis.place = place; document.title = "ready";',
      resolveDir: join(web, "examples"),
    },
    alias: { rvoip: "rvoip/inline" },
    outfile: join(folder, "page.js"),
    bundle: true,
    format: "esm",
    logLevel: "error",
  });
  await using server = await startServer("kamailio");
  await using site = await serve({ "/": web, "/example/": folder });
  const browser = await startChromium(CLIP);
  try {
    const [alice, bob] = server.users;
    assert.ok(alice && bob);
    const callee = await Phone.open({ browser, says: CLIP, hears: GREETING }, site.url, bob, server.ws);
    const page = await (await browser.newContext({ permissions: ["microphone"] })).newPage();
    await page.goto(`${site.url}/example/`);
    await page.waitForFunction(() => document.title === "ready");
    const digits = page.evaluate(
      ([alice, password, server, bob]) =>
        (globalThis as unknown as { place(...values: string[]): Promise<string> }).place(alice, password, server, bob),
      [alice.address, alice.password, server.ws, bob.address] as const,
    );
    // Should bob's side fail first, that is what the test tells.
    digits.catch(() => undefined);
    const { call } = await callee.event("incoming_call");
    await callee.run(call, "answer");
    await callee.listen(call, 3);
    await callee.page.waitForTimeout(1500);
    // Alice hangs up when she has the fourth key, which may be before bob's page says that it is sent.
    await callee.try(call, "sendDtmf", "1234");
    assert.equal(await digits, "1234");
    assert.equal(await callee.cause(call), "remote_hang_up");
  } finally {
    await browser.close();
  }
});
