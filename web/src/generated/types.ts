/** Names an account of a client. */
export type AccountKey = number;

/** Names a call of a client. */
export type CallKey = number;

/** A length of time in seconds. */
export type Duration = number;

/** The transports that a client can use. */
export type TransportKind = "udp" | "tcp" | "tls" | "ws" | "wss";

/** One local address to take SIP messages on. */
export interface Bind {
  transport: TransportKind;
  address: string;
}

/** Settings of TLS; a browser has its own. */
export interface TlsConfig {
  ca: string | null;
  certificate: string | null;
  key: string | null;
  insecure: boolean;
}

/** Timers of the signalling. */
export interface TimerConfig {
  t1: Duration;
  t2: Duration;
  t4: Duration;
  ringing: Duration;
}

/** Settings of the audio. */
export interface MediaConfig {
  codecs: string[];
  rtp_ports: [number, number];
  timeout: Duration;
  statistics_interval: Duration;
  levels_interval: Duration;
}

/** The settings of a client. */
export interface ClientConfig {
  binds: Bind[];
  user_agent: string;
  max_calls: number;
  close_deadline: Duration;
  tls: TlsConfig;
  timers: TimerConfig;
  media: MediaConfig;
}

/** The settings of an account. */
export interface AccountConfig {
  /** The address of record, such as `sip:alice@example.com`. */
  address: string;
  /** The password, used for every request that is challenged. */
  password: string | null;
  /** The user name for the password, where it is not the user part of the address. */
  auth_user: string | null;
  /** The registrar, where it is not the address's domain. */
  registrar: string | null;
  /** A proxy through which everything goes. */
  outbound_proxy: string | null;
  /** The transport to use where the URI does not say. */
  transport: TransportKind | null;
  /** For how many seconds to register (0: 600). */
  expires: number;
}

/** What this platform and build can do. */
export interface Capabilities {
  transports: TransportKind[];
  codecs: string[];
  files: boolean;
  frames: boolean;
  tones: boolean;
  echo: boolean;
  devices: boolean;
}

/** A tone. */
export type ToneKind =
  | { type: "ringback" }
  | { type: "busy" }
  | { type: "dial" }
  | { type: "sine"; hertz: number };

/** Where audio comes from. */
export type AudioSource =
  | { type: "file"; path: string; repeat: boolean }
  | { type: "bytes"; wav: number[]; repeat: boolean }
  | { type: "tone"; tone: ToneKind }
  | { type: "echo" }
  | { type: "frames" };

/** Where audio goes. */
export type AudioSink = { type: "file"; path: string } | { type: "frames" };

/** Who placed a call. */
export type CallDirection = "incoming" | "outgoing";

/** The state of a call. */
export type CallState = "calling" | "ringing" | "early_media" | "connected" | "on_hold" | "ended";

/** Why a call ended. */
export type Cause =
  | { type: "local_hang_up" }
  | { type: "remote_hang_up" }
  | { type: "cancelled" }
  | { type: "rejected"; status: number; reason: string }
  | { type: "authentication_failed"; status: number; reason: string }
  | { type: "timed_out" }
  | { type: "unreachable"; reason: string }
  | { type: "media_timeout" }
  | { type: "media_failed"; reason: string }
  | { type: "protocol_failed"; reason: string };

/** The state of an account's registration. */
export type RegistrationState = "unregistered" | "registering" | "registered" | "failed";

/** A call as it is now. */
export interface CallInfo {
  call: CallKey;
  account: AccountKey | null;
  direction: CallDirection;
  peer: string;
  peer_name: string | null;
  state: CallState;
  cause: Cause | null;
  held_by_us: boolean;
  held_by_peer: boolean;
  muted: boolean;
}

/** An account as it is now. */
export interface AccountInfo {
  account: AccountKey;
  address: string;
  registration: RegistrationState;
}

/** What a registrar granted. */
export interface Registration {
  expires: number;
  contacts: string[];
}

/** A peer's final answer to a request. */
export interface Answer {
  status: number;
  reason: string;
  allow: string[];
  supported: string[];
  agent: string | null;
}

/** What one direction of a call's audio suffered. */
export interface DirectionStatistics {
  packets: number;
  bytes: number;
  lost: number;
  loss: number;
  jitter_ms: number;
  mos: number | null;
}

/** The figures of a call since its audio began. */
export interface CallStatistics {
  sent: DirectionStatistics;
  received: DirectionStatistics;
  round_trip_ms: number | null;
  codec: string | null;
}

/** The kind of an error. */
export type ErrorKind =
  | "invalid_argument"
  | "invalid_state"
  | "unsupported"
  | "closed"
  | "busy"
  | "authentication_failed"
  | "rejected"
  | "timed_out"
  | "unreachable"
  | "bind_failed"
  | "call_ended"
  | "media_failed"
  | "file_failed"
  | "internal";

/** A fact about a client, an account or a call, in the past tense. */
export type Event =
  | { type: "listening"; transport: string; address: string }
  | {
      type: "registration_changed";
      account: AccountKey;
      state: RegistrationState;
      status: number | null;
      reason: string | null;
      expires: number | null;
      contacts: string[];
    }
  | {
      type: "incoming_call";
      call: CallKey;
      account: AccountKey | null;
      from: string;
      from_name: string | null;
      to: string;
    }
  | { type: "call_state_changed"; call: CallKey; direction: CallDirection; state: CallState; cause: Cause | null }
  | { type: "hold_changed"; call: CallKey; held_by_us: boolean; held_by_peer: boolean }
  | { type: "audio_received"; call: CallKey }
  | { type: "digit_received"; call: CallKey; digit: string }
  | { type: "playback_finished"; call: CallKey }
  | { type: "recording_finished"; call: CallKey }
  | { type: "statistics_updated"; call: CallKey; statistics: CallStatistics }
  | { type: "levels_updated"; call: CallKey; sent: number; received: number }
  | {
      type: "message_received";
      account: AccountKey | null;
      call: CallKey | null;
      from: string;
      content_type: string;
      text: string;
    }
  | { type: "recovering"; account: AccountKey | null; call: CallKey | null; reason: string }
  | { type: "recovered"; account: AccountKey | null; call: CallKey | null }
  | { type: "lagged"; missed: number }
  | { type: "client_closed"; reason: string | null };
