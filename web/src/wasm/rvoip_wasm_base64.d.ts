/** The bytes of `rvoip_wasm_bg.wasm`. */
export const base64: string;
