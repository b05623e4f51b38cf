import { RvoipError } from "rvoip";
import type { Cause, RegistrationState } from "rvoip";

/** What a SIP status means to a person. */
function ofStatus(status: number, reason: string): string {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return "The server refused the user name or the password.";
    case 404:
    case 604:
      return "Nobody has this number or address.";
    case 408:
      return "Nobody answered in time.";
    case 480:
      return "They cannot be reached at the moment.";
    case 486:
    case 600:
      return "They are busy.";
    case 488:
    case 606:
      return "The two phones have no way to talk in common.";
    case 603:
      return "They declined the call.";
    default:
      return `The other side said no: ${reason} (${status}).`;
  }
}

/** Why something failed, for the person at the phone. */
export function explain(error: unknown): string {
  if (!(error instanceof RvoipError)) return `Something went wrong: ${error instanceof Error ? error.message : String(error)}`;
  switch (error.kind) {
    case "authentication_failed":
      return "The server refused the user name or the password.";
    case "rejected":
      return ofStatus(error.status ?? 0, error.reason);
    case "timed_out":
      return "Nobody answered in time.";
    case "unreachable":
      return "The server cannot be reached. Check the server's address and your connection.";
    case "call_ended":
      return "The call is over.";
    case "media_failed":
      return `There is no sound: ${error.reason}`;
    case "busy":
      return "There are too many calls already.";
    case "closed":
      return "The phone is signed out.";
    case "invalid_argument":
      return `That cannot be used: ${error.reason}`;
    case "invalid_state":
    case "unsupported":
    case "bind_failed":
    case "file_failed":
    case "internal":
      return error.reason;
  }
}

/** How a call ended, for the person at the phone. */
export function explainCause(cause: Cause | null): string {
  switch (cause?.type) {
    case undefined:
    case "local_hang_up":
      return "Call ended";
    case "remote_hang_up":
      return "They hung up";
    case "cancelled":
      return "Missed call";
    case "rejected":
    case "authentication_failed":
      return ofStatus(cause.status, cause.reason);
    case "timed_out":
      return "Nobody answered in time.";
    case "unreachable":
      return "The server cannot be reached.";
    case "media_timeout":
      return "The connection was lost.";
    case "media_failed":
    case "protocol_failed":
      return cause.reason;
  }
}

/** The state of the registration, for the person at the phone. */
export const registrationWords: { readonly [S in RegistrationState]: string } = {
  unregistered: "Not signed in",
  registering: "Signing in…",
  registered: "Ready",
  failed: "Not connected",
};

/** The part of a SIP URI that people know each other by. */
export function shortName(uri: string): string {
  return uri.replace(/^"?[^<"]*"?\s*</, "").replace(/>.*$/, "").replace(/^sips?:/, "").replace(/[;?].*$/, "");
}

/** What somebody typed, as a SIP URI; a bare number or name belongs to the domain of our own address. */
export function toUri(typed: string, own: string): string {
  const text = typed.trim().replace(/^tel:/i, "");
  if (/^sips?:/i.test(text)) return text;
  if (text.includes("@")) return `sip:${text}`;
  const number = /^[+\d][\d\s().-]*$/.test(text) ? text.replace(/[\s().-]/g, "") : text;
  return `sip:${number}@${own.replace(/^.*@/, "").replace(/[;>?].*$/, "")}`;
}

/** Minutes and seconds, with hours where there are any. */
export function duration(seconds: number): string {
  const two = (count: number): string => String(Math.floor(count)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
