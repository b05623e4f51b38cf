import { InvalidArgumentError } from "./errors.js";

/** A microphone or a loudspeaker. */
export interface AudioDevice {
  /** Names it for {@link AudioDevices.selectInput} and {@link AudioDevices.selectOutput}. */
  readonly id: string;
  /** Its name for people; empty until the page may use the microphone. */
  readonly label: string;
}

/** The devices of a machine. */
export interface DeviceList {
  readonly inputs: readonly AudioDevice[];
  /** Empty where the browser does not let a page choose. */
  readonly outputs: readonly AudioDevice[];
}

/** Lists microphones and loudspeakers; both lists are empty where there is no access to devices. */
export async function listDevices(): Promise<DeviceList> {
  const all = (await globalThis.navigator?.mediaDevices?.enumerateDevices()) ?? [];
  const ofKind = (kind: MediaDeviceKind): AudioDevice[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== "")
      .map((device) => ({ id: device.deviceId, label: device.label }));
  return { inputs: ofKind("audioinput"), outputs: ofKind("audiooutput") };
}

/**
 * Which microphone and loudspeaker calls use, and how loud; a change takes effect in calls under way.
 *
 * Dispatches `input` and `output` when the choice, and `list` when the machine's devices change.
 */
export class AudioDevices extends EventTarget {
  #input = "";
  #output = "";
  #volume = 1;
  #watching = false;

  /** The microphone's id; empty for the browser's own choice. */
  get input(): string {
    return this.#input;
  }

  /** The loudspeaker's id; empty for the browser's own choice. */
  get output(): string {
    return this.#output;
  }

  /** How loud peers are heard, 0.0 to 1.0. */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    if (!(volume >= 0 && volume <= 1)) throw new InvalidArgumentError("a volume is between 0 and 1");
    this.#volume = volume;
    this.dispatchEvent(new Event("output"));
  }

  /** Takes another microphone; empty for the browser's own choice. */
  selectInput(id: string): void {
    if (id === this.#input) return;
    this.#input = id;
    this.dispatchEvent(new Event("input"));
  }

  /** @internal The microphone is gone: the page sees that the browser's own choice is used. */
  forgetInput(id: string): void {
    if (id !== this.#input) return;
    this.#input = "";
    this.dispatchEvent(new Event("list"));
  }

  /** Takes another loudspeaker, where the browser lets a page choose; empty for the browser's own choice. */
  selectOutput(id: string): void {
    if (id === this.#output) return;
    this.#output = id;
    this.dispatchEvent(new Event("output"));
  }

  /** Lists microphones and loudspeakers, and from now on dispatches `list` when one comes or goes. */
  async list(): Promise<DeviceList> {
    const devices = globalThis.navigator?.mediaDevices;
    if (!this.#watching && devices !== undefined) {
      this.#watching = true;
      devices.addEventListener("devicechange", () => this.dispatchEvent(new Event("list")));
    }
    return listDevices();
  }
}
