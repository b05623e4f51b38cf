import assert from "node:assert/strict";
import { test } from "node:test";
import { RejectedError, RvoipError, errorClasses } from "rvoip";
import { toError } from "../../dist/errors.js";

test("every kind of error has a class of its own", () => {
  const classes = Object.values(errorClasses);
  assert.equal(new Set(classes).size, classes.length);
  for (const [kind, Class] of Object.entries(errorClasses)) {
    const error = new Class("no", 403);
    assert.ok(error instanceof RvoipError && error instanceof Error);
    assert.deepEqual([error.kind, error.reason, error.status, error.message], [kind, "no", 403, "no (403)"]);
    const pascal = kind.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
    assert.equal(error.name, `${pascal}Error`);
    assert.equal(String(new Class("no")), `${pascal}Error: no`);
  }
});

test("what the core throws becomes the class of its kind", () => {
  const error = toError({ kind: "rejected", reason: "Busy Here", status: 486 });
  assert.ok(error instanceof RejectedError);
  assert.equal(error.status, 486);
  assert.equal(toError(error), error);
});

test("a trap and an unknown kind become an internal error that keeps its cause", () => {
  const trap = new WebAssembly.RuntimeError("unreachable");
  const error = toError(trap);
  assert.deepEqual([error.kind, error.reason, error.cause], ["internal", "unreachable", trap]);
  assert.equal(toError({ kind: "toString", reason: "x", status: null }).kind, "internal");
  assert.equal(toError(undefined).kind, "internal");
});
