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

/** The verbs of the core: whom they are asked of, what they take and what they give. */
export interface RawVerbs {
  addAccount(of: undefined, config: AccountSettings): AccountKey;
  registerAccount(of: undefined, config: AccountSettings): AccountKey;
  close(): void;

  register(account: AccountKey): Registration;
  unregister(account: AccountKey): void;
  remove(account: AccountKey): void;
  placeCall(account: AccountKey, to: string): CallKey;
  options(account: AccountKey, to: string): Answer;
  sendMessage(account: AccountKey, to: string, text: string): Answer;

  answered(call: CallKey): void;
  ended(call: CallKey): Cause;
  answer(call: CallKey): void;
  reject(call: CallKey, status: number): void;
  hangUp(call: CallKey): void;
  hold(call: CallKey): void;
  resume(call: CallKey): void;
  reinvite(call: CallKey): void;
  mute(call: CallKey, muted: boolean): void;
  sendDtmf(call: CallKey, digits: string): void;
  collectDigits(call: CallKey, count: number, withinMs: number): string;
  play(call: CallKey, source: AudioSource): void;
  stopPlaying(call: CallKey): void;
  record(call: CallKey, sink: AudioSink): void;
  stopRecording(call: CallKey): void;
  messageInCall(call: CallKey, text: string): void;
}

/** What can be asked for as it is now. */
export interface RawStates {
  accounts(): AccountInfo[];
  calls(): CallInfo[];
  account(key: AccountKey): AccountInfo | null;
  call(key: CallKey): CallInfo | null;
  capabilities(): Capabilities;
  live(): number;
}

/** The client of the core. */
export interface RawClient {
  /** Begins a verb, which is submitted when this returns, and withdrawn by its signal. */
  begin<V extends keyof RawVerbs>(
    verb: V,
    signal: AbortSignal | undefined,
    ...values: Parameters<RawVerbs[V]>
  ): Promise<ReturnType<RawVerbs[V]>>;
  state<S extends keyof RawStates>(of: S, ...key: Parameters<RawStates[S]>): ReturnType<RawStates[S]>;
  listen(to: "client"): RawEvents;
  listen(to: "account" | "call", key: AccountKey | CallKey): RawEvents;
  free(): void;
}
