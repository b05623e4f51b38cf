import { InvalidStateError, toError } from "./errors.js";
import type { RawModule } from "./raw.js";

let loaded: RawModule | undefined;

/** Makes a compiled module the one that everything here runs on; the first one stays. */
export function useCore(module: RawModule): void {
  loaded ??= module;
}

/** Whether `init` has been called and is done. */
export function isInitialized(): boolean {
  return loaded !== undefined;
}

/** The compiled module. */
export function core(): RawModule {
  if (loaded === undefined) {
    throw new InvalidStateError("rvoip is not loaded yet: `await init()` comes before everything else");
  }
  return loaded;
}

/** Takes a signal to a verb, which withdraws what was asked for. */
export interface VerbOptions {
  /** Withdraws the verb when it is aborted; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls the core and gives its failure as an error of this library. */
export function guarded<T>(ask: () => T): T {
  try {
    return ask();
  } catch (thrown) {
    throw toError(thrown);
  }
}

/** Runs a verb of the core, which is submitted before this returns. */
export function verb<T>(
  options: VerbOptions | undefined,
  ask: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const signal = options?.signal;
  if (signal?.aborted) return Promise.reject(signal.reason);
  let answer: Promise<T>;
  try {
    answer = ask(signal);
  } catch (thrown) {
    return Promise.reject(toError(thrown));
  }
  return answer.catch((thrown: unknown) => {
    throw signal?.aborted ? signal.reason : toError(thrown);
  });
}

/** Tells a fault of the application's code to its page, and goes on. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
