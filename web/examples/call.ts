// begin: readme
import init, { Client } from "rvoip";

// end: readme
/** Registers, calls somebody, plays a greeting, takes four digits, and hangs up. */
export async function place(alice: string, password: string, server: string, bob: string): Promise<string> {
  // begin: readme
  await init();
  const client = await Client.create();
  const account = await client.account(alice, { password, outbound_proxy: server }).register();
  const call = await account.call(bob);
  await call.answered();
  const hello = await fetch("hello.wav");
  await call.play(await hello.arrayBuffer());
  const digits = await call.collectDigits(4, 10_000);
  await call.hangUp();
  await client.close();
  // end: readme
  return digits;
}
