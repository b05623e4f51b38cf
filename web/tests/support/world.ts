import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { useCore } from "../../dist/core.js";
import type { RawModule } from "../../dist/raw.js";
import type { RawHarness } from "./scenario.js";
import { HARNESS } from "./scenarios.js";

type Module = RawModule & {
  initSync(source: { module: BufferSource }): unknown;
  readonly RawHarness: new (seed: number) => RawHarness;
};

const module = (await import(pathToFileURL(join(HARNESS, "rvoip_wasm.js")).href)) as Module;
module.initSync({ module: readFileSync(join(HARNESS, "rvoip_wasm_bg.wasm")) });
useCore(module);

/** A virtual clock, a simulated network and a scripted peer. */
export function world(seed: number): RawHarness {
  return new module.RawHarness(seed);
}
