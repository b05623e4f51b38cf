import type { RawModule } from "../raw.js";

type Input = string | URL | Request | Response | BufferSource | WebAssembly.Module;

export default function init(source: { module_or_path: Input | Promise<Response> }): Promise<unknown>;
export function initSync(source: { module: BufferSource | WebAssembly.Module }): unknown;
export const RawClient: RawModule["RawClient"];
export const parseMessage: RawModule["parseMessage"];
