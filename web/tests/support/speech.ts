import { readFileSync } from "node:fs";

/** The samples of a mono WAV file of 16 bits at 8,000 Hz, -1.0 to 1.0. */
export function readWav(path: string): Float32Array {
  const bytes = readFileSync(path);
  const [channels, rate, bits] = [bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34)];
  if (channels !== 1 || rate !== 8000 || bits !== 16) throw new Error(`${path} is not mono of 16 bits at 8,000 Hz`);
  const start = bytes.indexOf("data") + 8;
  const samples = new Float32Array(Math.floor((bytes.length - start) / 2));
  for (let n = 0; n < samples.length; n += 1) samples[n] = bytes.readInt16LE(start + 2 * n) / 32_768;
  return samples;
}

/** How what was heard compares with what was sent. */
export interface Comparison {
  /** The share of the windows in which there must be speech that were found, each where it had to be. */
  readonly found: number;
  /** The median likeness of these windows, 0.0 to 1.0. */
  readonly likeness: number;
  /** How many such windows there were. */
  readonly windows: number;
  /** Loudness of all that was heard, root of the mean square. */
  readonly loudness: number;
}

const WINDOW = 2000;
const COARSE = 80;
/** How far a window may lie from where the one before it says. */
const STRAY = 240;
const ALIKE = 0.8;
/** Below this a window of the clip is a pause. */
const PAUSE = 0.02;

/**
 * Compares what was heard with a clip that was sent over and over. Each window of 250 ms in which the clip has speech is looked
 * for near the place where it must be, and counts as lost if there is something else or nothing; a jitter buffer stretches time
 * a little, so that the place moves slowly.
 */
export function compare(sent: Float32Array, heard: Float32Array): Comparison {
  const loudness = rms(heard, 0, heard.length);
  const starts: number[] = [];
  for (let start = 0; start + WINDOW <= heard.length; start += WINDOW) starts.push(start);
  const anchor = anchorOf(sent, heard, starts);
  if (anchor === undefined) {
    const windows = starts.filter((start) => rms(heard, start, WINDOW) >= PAUSE).length;
    return { found: 0, likeness: 0, windows, loudness };
  }
  const later = follow(sent, heard, starts.slice(anchor.index), anchor.place);
  const earlier = follow(sent, heard, starts.slice(0, anchor.index).reverse(), anchor.place);
  const likenesses = [...earlier, ...later].sort((one, other) => one - other);
  return {
    found: likenesses.filter((like) => like >= ALIKE).length / Math.max(1, likenesses.length),
    likeness: likenesses[likenesses.length >> 1] ?? 0,
    windows: likenesses.length,
    loudness,
  };
}

/** The first window that is found in the clip, and where: from it on the places of all others follow. */
function anchorOf(
  sent: Float32Array,
  heard: Float32Array,
  starts: readonly number[],
): { readonly index: number; readonly place: number } | undefined {
  for (const [index, start] of starts.entries()) {
    if (rms(heard, start, WINDOW) < PAUSE / 2) continue;
    const [like, place] = search(sent, heard, start, coarse(sent, heard, start), STRAY);
    if (like >= ALIKE) return { index, place };
  }
  return undefined;
}

/** How like the clip the windows are in which it has speech, from a place on. */
function follow(sent: Float32Array, heard: Float32Array, starts: readonly number[], from: number): number[] {
  const likenesses: number[] = [];
  let place = from;
  let lost = 0;
  for (const start of starts) {
    if (loudnessAt(sent, start + place) < PAUSE) continue;
    const [like, at] = search(sent, heard, start, place, STRAY * Math.min(1 + lost, 4));
    lost = like >= ALIKE ? 0 : lost + 1;
    if (like >= ALIKE) place = at;
    likenesses.push(like);
  }
  return likenesses;
}

/** The best likeness of a window around a place, and where it is. */
function search(sent: Float32Array, heard: Float32Array, start: number, place: number, stray: number): [number, number] {
  let [best, at] = [0, place];
  for (let offset = -stray; offset <= stray; offset += 1) {
    const like = likeness(sent, around(sent, start + place + offset), heard, start);
    if (like > best) [best, at] = [like, place + offset];
  }
  return [best, at];
}

function around(sent: Float32Array, at: number): number {
  return ((at % sent.length) + sent.length) % sent.length;
}

/** How loud a window of the clip is, which is repeated for ever. */
function loudnessAt(sent: Float32Array, at: number): number {
  const from = around(sent, at);
  const left = Math.min(WINDOW, sent.length - from);
  return Math.sqrt((rms(sent, from, left) ** 2 * left + rms(sent, 0, WINDOW - left) ** 2 * (WINDOW - left)) / WINDOW);
}

function rms(samples: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let n = start; n < start + length; n += 1) sum += (samples[n] ?? 0) ** 2;
  return Math.sqrt(sum / Math.max(1, length));
}

/** Normalised correlation of a window of `heard` with the clip from a place on. */
function likeness(sent: Float32Array, from: number, heard: Float32Array, start: number): number {
  let [product, one, other] = [0, 0, 0];
  for (let n = 0; n < WINDOW; n += 1) {
    const a = sent[from + n < sent.length ? from + n : from + n - sent.length] ?? 0;
    const b = heard[start + n] ?? 0;
    product += a * b;
    one += a * a;
    other += b * b;
  }
  return one === 0 || other === 0 ? 0 : product / Math.sqrt(one * other);
}

/** Where in the clip a stretch of what was heard comes from, by the course of its loudness. */
function coarse(sent: Float32Array, heard: Float32Array, start: number): number {
  const course = (samples: Float32Array, from: number, length: number): Float32Array =>
    Float32Array.from({ length: Math.floor(length / COARSE) }, (_, n) => rms(samples, from + n * COARSE, COARSE));
  const whole = course(sent, 0, sent.length);
  const part = course(heard, start, Math.min(heard.length - start, sent.length / 2));
  let [best, at] = [-Infinity, 0];
  for (let offset = 0; offset < whole.length; offset += 1) {
    let [product, energy] = [0, 0];
    for (let n = 0; n < part.length; n += 1) {
      const level = whole[(offset + n) % whole.length] ?? 0;
      product += level * (part[n] ?? 0);
      energy += level * level;
    }
    const like = product / Math.sqrt(energy + 1e-9);
    if (like > best) [best, at] = [like, offset];
  }
  return at * COARSE - start;
}
