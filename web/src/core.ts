import { InvalidArgumentError, InvalidStateError, toError, UnsupportedError } from "./errors.js";
import type { RawClient, RawModule, RawVerbs } from "./raw.js";

let loaded: RawModule | undefined;

/** Makes a compiled module the one that everything here runs on; the first one stays. */
export function useCore(module: RawModule): void {
  loaded ??= module;
}

let loading: Promise<void> | undefined;

/** Compiles the module once, however often and from how many places it is asked for. */
export async function load(compile: () => Promise<RawModule>): Promise<void> {
  if (isInitialized()) return;
  loading ??= compile().then(useCore);
  try {
    await loading;
  } catch (thrown) {
    throw notLoaded(thrown);
  } finally {
    loading = undefined;
  }
}

/** The same at once. */
export function loadSync(compile: () => RawModule): void {
  if (isInitialized()) return;
  try {
    useCore(compile());
  } catch (thrown) {
    throw notLoaded(thrown);
  }
}

function notLoaded(thrown: unknown): UnsupportedError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new UnsupportedError(`the WebAssembly could not be loaded: ${reason}`, null, { cause: thrown });
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
export function run<V extends keyof RawVerbs>(
  client: RawClient,
  options: VerbOptions | undefined,
  verb: V,
  ...values: Parameters<RawVerbs[V]>
): Promise<ReturnType<RawVerbs[V]>> {
  const signal = options?.signal;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    return Promise.reject(new InvalidArgumentError("the signal is no AbortSignal"));
  }
  if (signal?.aborted) return Promise.reject(signal.reason);
  let answer: Promise<ReturnType<RawVerbs[V]>>;
  try {
    answer = client.begin(verb, signal, ...values);
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
