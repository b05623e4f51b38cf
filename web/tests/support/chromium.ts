import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";

/** Starts a headless Chromium whose microphone is a sound file. */
export function startChromium(microphone?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      ...(microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}`]),
      "--autoplay-policy=no-user-gesture-required",
      "--disable-features=WebRtcHideLocalIpsWithMdns",
      "--allow-loopback-in-peer-connection",
    ],
  });
}

/** Collects what a page complains of, content policy included. */
export function complaints(page: Page): string[] {
  const told: string[] = [];
  page.on("pageerror", (error) => told.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") told.push(message.text());
  });
  return told;
}
