import type {
  AccountInfo,
  AccountKey,
  Answer,
  AudioSink,
  AudioSource,
  CallInfo,
  CallKey,
  Capabilities,
  Cause,
  ClientConfig,
  Event,
  Registration,
} from "./generated/types.js";
import type { AccountSettings } from "./account.js";
import type { DeepPartial } from "./config.js";
import type { MediaPlatform } from "./media.js";

/** What the WebAssembly exports, once it is compiled. */
export interface RawModule {
  readonly RawClient: new (config: DeepPartial<ClientConfig>, platform: MediaPlatform) => RawClient;
  parseMessage(text: string | Uint8Array): object;
}

/** A listener of the core. */
export interface RawEvents {
  /** Waits for events and takes none; false: none will ever come. */
  ready(): Promise<boolean>;
  takeEvents(): Event[];
  free(): void;
}

/** The client of the core: each verb is submitted when it returns, and withdrawn by its signal. */
export interface RawClient {
  addAccount(config: AccountSettings): Promise<AccountKey>;
  registerAccount(config: AccountSettings, signal?: AbortSignal): Promise<AccountKey>;
  accounts(): AccountInfo[];
  calls(): CallInfo[];
  capabilities(): Capabilities;
  events(): RawEvents;
  accountEvents(account: AccountKey): RawEvents;
  callEvents(call: CallKey): RawEvents;
  account(key: AccountKey): AccountInfo | undefined;
  call(key: CallKey): CallInfo | undefined;
  close(): Promise<void>;
  live(): number;
  free(): void;

  register(account: AccountKey, signal?: AbortSignal): Promise<Registration>;
  unregister(account: AccountKey, signal?: AbortSignal): Promise<void>;
  remove(account: AccountKey, signal?: AbortSignal): Promise<void>;
  placeCall(account: AccountKey, to: string, signal?: AbortSignal): Promise<CallKey>;
  options(account: AccountKey, to: string, signal?: AbortSignal): Promise<Answer>;
  sendMessage(account: AccountKey, to: string, text: string, signal?: AbortSignal): Promise<Answer>;

  answered(call: CallKey, signal?: AbortSignal): Promise<void>;
  ended(call: CallKey, signal?: AbortSignal): Promise<Cause>;
  answer(call: CallKey, signal?: AbortSignal): Promise<void>;
  reject(call: CallKey, status: number, signal?: AbortSignal): Promise<void>;
  hangUp(call: CallKey, signal?: AbortSignal): Promise<void>;
  hold(call: CallKey, signal?: AbortSignal): Promise<void>;
  resume(call: CallKey, signal?: AbortSignal): Promise<void>;
  reinvite(call: CallKey, signal?: AbortSignal): Promise<void>;
  mute(call: CallKey, muted: boolean, signal?: AbortSignal): Promise<void>;
  sendDtmf(call: CallKey, digits: string, signal?: AbortSignal): Promise<void>;
  collectDigits(call: CallKey, count: number, withinMs: number, signal?: AbortSignal): Promise<string>;
  play(call: CallKey, source: AudioSource, signal?: AbortSignal): Promise<void>;
  stopPlaying(call: CallKey, signal?: AbortSignal): Promise<void>;
  record(call: CallKey, sink: AudioSink, signal?: AbortSignal): Promise<void>;
  stopRecording(call: CallKey, signal?: AbortSignal): Promise<void>;
  messageInCall(call: CallKey, text: string, signal?: AbortSignal): Promise<void>;
}
