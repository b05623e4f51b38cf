import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cause, Event } from "rvoip";

/** Compiles only if nothing is left over. */
function never(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}

function say(cause: Cause): string {
  switch (cause.type) {
    case "local_hang_up":
    case "remote_hang_up":
    case "cancelled":
    case "timed_out":
    case "media_timeout":
      return cause.type;
    case "rejected":
    case "authentication_failed":
      return `${cause.status} ${cause.reason}`;
    case "unreachable":
    case "media_failed":
    case "protocol_failed":
      return cause.reason;
    default:
      return never(cause);
  }
}

test("a switch over the type of an event or a cause narrows it and is checked to be complete", () => {
  const event: Event = {
    type: "call_state_changed",
    call: 1,
    direction: "outgoing",
    state: "ended",
    cause: { type: "rejected", status: 486, reason: "Busy Here" },
  };
  assert.equal(event.type === "call_state_changed" && event.cause !== null && say(event.cause), "486 Busy Here");
  // @ts-expect-error a cause that there is not
  const wrong: Cause = { type: "no_reason" };
  assert.throws(() => say(wrong));
});
