import type { ErrorKind } from "./generated/types.js";

/** Why a verb of this library failed. `kind` says what, `reason` is one line for people. */
export abstract class RvoipError extends Error {
  /** What went wrong; every kind has a class of its own. */
  abstract readonly kind: ErrorKind;
  /** One line for people. */
  readonly reason: string;
  /** The SIP status code that a peer gave, if one did. */
  readonly status: number | null;

  constructor(reason: string, status: number | null = null, options?: ErrorOptions) {
    super(status === null ? reason : `${reason} (${status})`, options);
    this.reason = reason;
    this.status = status;
  }
}

/** The caller passed something that cannot be used, such as a URI that is none. */
export class InvalidArgumentError extends RvoipError {
  override readonly name = "InvalidArgumentError";
  readonly kind = "invalid_argument";
}

/** The present state does not allow what was asked for, such as answering an outgoing call. */
export class InvalidStateError extends RvoipError {
  override readonly name = "InvalidStateError";
  readonly kind = "invalid_state";
}

/** This platform or build cannot do it; see {@link Client.capabilities}. */
export class UnsupportedError extends RvoipError {
  override readonly name = "UnsupportedError";
  readonly kind = "unsupported";
}

/** The client was closed. */
export class ClosedError extends RvoipError {
  override readonly name = "ClosedError";
  readonly kind = "closed";
}

/** Too many commands or calls are under way. */
export class BusyError extends RvoipError {
  override readonly name = "BusyError";
  readonly kind = "busy";
}

/** The server refused the credentials, or asked for some where there are none. */
export class AuthenticationFailedError extends RvoipError {
  override readonly name = "AuthenticationFailedError";
  readonly kind = "authentication_failed";
}

/** The peer said no. */
export class RejectedError extends RvoipError {
  override readonly name = "RejectedError";
  readonly kind = "rejected";
}

/** Nobody answered in time. */
export class TimedOutError extends RvoipError {
  override readonly name = "TimedOutError";
  readonly kind = "timed_out";
}

/** The peer's host is not known or cannot be reached. */
export class UnreachableError extends RvoipError {
  override readonly name = "UnreachableError";
  readonly kind = "unreachable";
}

/** A local address or port could not be used. */
export class BindFailedError extends RvoipError {
  override readonly name = "BindFailedError";
  readonly kind = "bind_failed";
}

/** The call is over. */
export class CallEndedError extends RvoipError {
  override readonly name = "CallEndedError";
  readonly kind = "call_ended";
}

/** No media could be agreed on, or a media device or stream failed. */
export class MediaFailedError extends RvoipError {
  override readonly name = "MediaFailedError";
  readonly kind = "media_failed";
}

/** A file could not be read or written. */
export class FileFailedError extends RvoipError {
  override readonly name = "FileFailedError";
  readonly kind = "file_failed";
}

/** A fault of this library. */
export class InternalError extends RvoipError {
  override readonly name = "InternalError";
  readonly kind = "internal";
}

/** The class of one kind of error. */
export type ErrorClass<K extends ErrorKind> = new (
  reason: string,
  status?: number | null,
  options?: ErrorOptions,
) => RvoipError & { readonly kind: K };

/** The class of every kind of error. */
export const errorClasses: { readonly [K in ErrorKind]: ErrorClass<K> } = {
  invalid_argument: InvalidArgumentError,
  invalid_state: InvalidStateError,
  unsupported: UnsupportedError,
  closed: ClosedError,
  busy: BusyError,
  authentication_failed: AuthenticationFailedError,
  rejected: RejectedError,
  timed_out: TimedOutError,
  unreachable: UnreachableError,
  bind_failed: BindFailedError,
  call_ended: CallEndedError,
  media_failed: MediaFailedError,
  file_failed: FileFailedError,
  internal: InternalError,
};

function isKind(kind: unknown): kind is ErrorKind {
  return typeof kind === "string" && Object.hasOwn(errorClasses, kind);
}

/** What the core threw, as an error of this library; a trap of the WebAssembly becomes {@link InternalError}. */
export function toError(thrown: unknown): RvoipError {
  if (thrown instanceof RvoipError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "kind" in thrown && isKind(thrown.kind)) {
    const reason = "reason" in thrown && typeof thrown.reason === "string" ? thrown.reason : thrown.kind;
    const status = "status" in thrown && typeof thrown.status === "number" ? thrown.status : null;
    return new errorClasses[thrown.kind](reason, status);
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new InternalError(reason, null, { cause: thrown });
}
