/**
 * A SIP phone for the browser.
 *
 * @packageDocumentation
 */
import { load, loadSync } from "./core.js";
import * as wasm from "./wasm/rvoip_wasm.js";

export * from "./public.js";

/** Where the WebAssembly comes from: an address, a response, its bytes or a compiled module. */
export type InitInput = string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>;

/**
 * Loads the WebAssembly, once; everything else comes after it. Without an argument it is fetched from beside this file,
 * which bundlers that know `new URL(…, import.meta.url)` arrange (Vite does; for others give its address, or import
 * `rvoip/inline`).
 */
export default function init(source?: InitInput): Promise<void> {
  return load(async () => {
    await wasm.default({ module_or_path: source ?? new URL("./wasm/rvoip_wasm_bg.wasm", import.meta.url) });
    return wasm;
  });
}

/** Loads the WebAssembly from its bytes or a compiled module, at once; for workers and servers. */
export function initSync(module: BufferSource | WebAssembly.Module): void {
  loadSync(() => {
    wasm.initSync({ module });
    return wasm;
  });
}
