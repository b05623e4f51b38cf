/**
 * The same as `rvoip`, with the WebAssembly inside the file.
 *
 * @packageDocumentation
 */
import { load } from "./core.js";
import { base64 } from "./wasm/rvoip_wasm_base64.js";
import * as wasm from "./wasm/rvoip_wasm.js";

export * from "./public.js";

/** Compiles the WebAssembly, once; everything else comes after it. */
export default function init(): Promise<void> {
  return load(async () => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    await wasm.default({ module_or_path: bytes });
    return wasm;
  });
}
