// The scenarios once more, in a page of Chromium.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { complaints, startChromium } from "../support/chromium.js";
import { web } from "../support/paths.js";
import type { Scenario } from "../support/scenario.js";
import { HARNESS, Outcomes, scenarios } from "../support/scenarios.js";
import { serve } from "../support/serve.js";
import type { Site } from "../support/serve.js";

const PAGE = `
  import * as module from "/harness/rvoip_wasm.js";
  import { useCore } from "../../dist/core.js";
  import { run } from "./scenario.js";

  await module.default({ module_or_path: "/harness/rvoip_wasm_bg.wasm" });
  useCore(module);
  globalThis.runScenario = (text) => run(JSON.parse(text), new module.RawHarness(1)).then((skipped) => skipped ?? null);
  document.title = "ready";
`;

/** What the page offers. */
interface Offered {
  runScenario(text: string): Promise<string | null>;
}

let browser: Browser;
let page: Page;
let site: Site;
let told: string[];
const outcomes = new Outcomes();

before(async () => {
  const folder = join(web, "build/browser/scenarios");
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(web, "softphone/public/icon.svg"), join(folder, "icon.svg"));
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><html lang="en"><head><title>loading</title><link rel="icon" href="icon.svg" />' +
      '<script type="module" src="page.js"></script></head></html>',
  );
  await build({
    stdin: { contents: PAGE, resolveDir: join(web, "build/support") },
    outfile: join(folder, "page.js"),
    external: ["/harness/*"],
    bundle: true,
    format: "esm",
    logLevel: "error",
  });
  [browser, site] = await Promise.all([startChromium(), serve({ "/": folder, "/harness/": HARNESS })]);
  page = await browser.newPage();
  told = complaints(page);
  await page.goto(site.url);
  await page.waitForFunction(() => document.title === "ready");
});

after(async () => {
  outcomes.write("chromium");
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
});

const inPage = (scenario: Scenario): Promise<string | null> =>
  page.evaluate((text) => (globalThis as unknown as Offered).runScenario(text), JSON.stringify(scenario));

for (const [name, scenario] of scenarios("scenarios")) {
  test(`${name}: ${scenario.shows}`, async (context) => {
    outcomes.add(name, "failed");
    const skipped = await inPage(scenario);
    outcomes.add(name, skipped === null ? "ok" : `skipped ${skipped}`);
    if (skipped !== null) context.skip(skipped);
  });
}

for (const [name, scenario] of scenarios("broken")) {
  test(`broken ${name} fails`, async () => {
    await assert.rejects(inPage(scenario), (error: Error) => error.message.includes(scenario.fails_with ?? ""));
  });
}

test("the page complains of nothing", () => assert.deepEqual(told, []));
