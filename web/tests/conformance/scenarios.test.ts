// Every scenario passes, and every broken one fails for the reason that it says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { useCore } from "../../dist/core.js";
import type { RawModule } from "../../dist/raw.js";
import { run } from "../support/scenario.js";
import type { RawHarness } from "../support/scenario.js";
import { HARNESS, Outcomes, scenarios } from "../support/scenarios.js";

type Module = RawModule & {
  initSync(source: { module: BufferSource }): unknown;
  readonly RawHarness: new (seed: number) => RawHarness;
};

const module = (await import(pathToFileURL(join(HARNESS, "rvoip_wasm.js")).href)) as Module;
module.initSync({ module: readFileSync(join(HARNESS, "rvoip_wasm_bg.wasm")) });
useCore(module);

const outcomes = new Outcomes();
after(() => outcomes.write("typescript"));

for (const [name, scenario] of scenarios("scenarios")) {
  test(`${name}: ${scenario.shows}`, async (context) => {
    outcomes.add(name, "failed");
    const skipped = await run(scenario, new module.RawHarness(1));
    outcomes.add(name, skipped === undefined ? "ok" : `skipped ${skipped}`);
    if (skipped !== undefined) context.skip(skipped);
  });
}

for (const [name, scenario] of scenarios("broken")) {
  test(`broken ${name} fails`, async () => {
    const error: unknown = await run(scenario, new module.RawHarness(1)).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof Error, "it passed");
    assert.ok(error.message.includes(scenario.fails_with ?? ""), error.message);
  });
}
