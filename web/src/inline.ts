/**
 * The same as `rvoip`, with the WebAssembly inside the file.
 *
 * @packageDocumentation
 */
import { isInitialized, useCore } from "./core.js";
import { base64 } from "./wasm/rvoip_wasm_base64.js";
import * as wasm from "./wasm/rvoip_wasm.js";

export * from "./public.js";

let loading: Promise<void> | undefined;

/** Compiles the WebAssembly, once; everything else comes after it. */
export default async function init(): Promise<void> {
  if (isInitialized()) return;
  loading ??= load();
  try {
    await loading;
  } finally {
    loading = undefined;
  }
}

async function load(): Promise<void> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  await wasm.default({ module_or_path: bytes });
  useCore(wasm);
}
