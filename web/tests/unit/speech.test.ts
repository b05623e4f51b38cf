import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../support/paths.js";
import { compare, readWav } from "../support/speech.js";

const sent = readWav(join(repository, "tests/vectors/speech/alice.wav"));
const other = readWav(join(repository, "tests/vectors/speech/bob.wav"));

test("a later part of the clip, quieter and with a little noise, is recognised", () => {
  const heard = Float32Array.from({ length: 32_000 }, (_, n) => 0.5 * (sent[(n + 50_000) % sent.length] ?? 0) + 0.001 * Math.sin(n * n));
  const { found, likeness, windows } = compare(sent, heard);
  assert.ok(found > 0.95 && likeness > 0.98 && windows >= 4, JSON.stringify({ found, likeness, windows }));
});

test("what is lost counts, also where nothing is heard instead", () => {
  const whole = sent.slice(0, 64_000);
  assert.ok(compare(sent, whole).found > 0.95);
  const half = whole.map((sample, n) => (n % 16_000 < 8000 ? sample : 0));
  const { found, windows } = compare(sent, half);
  assert.ok(found < 0.65 && windows === compare(sent, whole).windows, JSON.stringify({ found, windows }));
});

test("another voice, what is played backwards, noise and silence are not recognised", () => {
  const others = [
    other.slice(0, 32_000),
    sent.slice(0, 32_000).reverse(),
    Float32Array.from({ length: 32_000 }, (_, n) => 0.1 * Math.sin(n * n * 0.37)),
  ];
  for (const other of others) assert.ok(compare(sent, other).found < 0.2, JSON.stringify(compare(sent, other)));
  assert.equal(compare(sent, new Float32Array(32_000)).windows, 0);
});
