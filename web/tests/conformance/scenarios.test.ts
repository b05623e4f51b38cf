// Every scenario passes, and every broken one fails for the reason that it says.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { useCore } from "../../dist/core.js";
import type { RawModule } from "../../dist/raw.js";
import { repository } from "../support/paths.js";
import { run } from "../support/scenario.js";
import type { RawHarness, Scenario } from "../support/scenario.js";

const FOLDER = join(repository, "tests/conformance");
/** Where the module with the harness is: `cargo xtask` says. */
const HARNESS = process.env["RVOIP_HARNESS"] ?? join(repository, "target/wasm-harness");

type Module = RawModule & {
  initSync(source: { module: BufferSource }): unknown;
  readonly RawHarness: new (seed: number) => RawHarness;
};

const module = (await import(pathToFileURL(join(HARNESS, "rvoip_wasm.js")).href)) as Module;
module.initSync({ module: readFileSync(join(HARNESS, "rvoip_wasm_bg.wasm")) });
useCore(module);

function scenarios(folder: string): (readonly [name: string, scenario: Scenario])[] {
  return readdirSync(join(FOLDER, folder))
    .sort()
    .map((file) => [file.replace(".json", ""), JSON.parse(readFileSync(join(FOLDER, folder, file), "utf8")) as Scenario]);
}

for (const [name, scenario] of scenarios("scenarios")) {
  test(`${name}: ${scenario.shows}`, async (context) => {
    try {
      const skipped = await run(scenario, new module.RawHarness(1));
      console.log(`scenario ${name}: ${skipped === undefined ? "ok" : `skipped ${skipped}`}`);
      if (skipped !== undefined) context.skip(skipped);
    } catch (error) {
      console.log(`scenario ${name}: failed`);
      throw error;
    }
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
