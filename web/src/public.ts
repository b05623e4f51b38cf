import { core, guarded } from "./core.js";

export { Account, AccountBuilder } from "./account.js";
export type { AccountSettings } from "./account.js";
export { Call } from "./call.js";
export { Client } from "./client.js";
export type { ClientOptions, ClientSettings } from "./client.js";
export type { DeepPartial } from "./config.js";
export { isInitialized } from "./core.js";
export type { VerbOptions } from "./core.js";
export { AudioDevices, listDevices } from "./devices.js";
export type { AudioDevice, DeviceList } from "./devices.js";
export * from "./errors.js";
export { Events } from "./events.js";
export type { EventOf, EventType } from "./events.js";
export type * from "./generated/types.js";
export { BrowserMedia } from "./media.js";
export type { BrowserMediaOptions, MediaPlatform, Playing } from "./media.js";

/**
 * Reads a SIP message into plain data.
 *
 * @throws {@link InvalidArgumentError} if it is none.
 */
export function parseMessage(message: string | Uint8Array): object {
  return guarded(() => core().parseMessage(message));
}
