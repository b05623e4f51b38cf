import type { AudioDevice, AudioDevices } from "rvoip";
import { byId, make } from "./dom.js";

/** Choice of microphone and loudspeaker, and the volume. */
export function setUpSound(devices: AudioDevices): void {
  const microphone = byId("microphone", HTMLSelectElement);
  const speaker = byId("speaker", HTMLSelectElement);
  const volume = byId("volume", HTMLInputElement);

  const fill = (select: HTMLSelectElement, list: readonly AudioDevice[], chosen: string, kind: string): void => {
    const options = list.map(({ id, label }, index) =>
      make("option", { text: label === "" ? `${kind} ${index + 1}` : label, attributes: { value: id } }),
    );
    select.replaceChildren(make("option", { text: "The system's choice", attributes: { value: "" } }), ...options);
    select.value = chosen;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.disabled = options.length === 0;
  };
  const refresh = async (): Promise<void> => {
    const { inputs, outputs } = await devices.list();
    fill(microphone, inputs, devices.input, "Microphone");
    fill(speaker, outputs, devices.output, "Loudspeaker");
  };

  microphone.onchange = () => devices.selectInput(microphone.value);
  speaker.onchange = () => devices.selectOutput(speaker.value);
  volume.oninput = () => {
    devices.volume = Number(volume.value) / 100;
    volume.setAttribute("aria-valuetext", `${volume.value} percent`);
  };
  devices.addEventListener("list", () => void refresh());
  void refresh();
}

/** Names appear once the page may use the microphone. */
export function refreshSound(devices: AudioDevices): void {
  devices.dispatchEvent(new Event("list"));
}
