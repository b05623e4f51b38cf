import assert from "node:assert/strict";
import { web } from "../support/paths.js";
import { serve } from "../support/serve.js";
import type { Site } from "../support/serve.js";
import { startServer } from "../support/server.js";
import type { Server, ServerKind, User } from "../support/server.js";
import { Phone, Voices } from "./driver.js";

/** A server, and two pages registered at it: alice over ws and bob over wss, each with a voice of its own. */
export class Pair implements AsyncDisposable {
  readonly voices: Voices;
  readonly site: Site;
  readonly server: Server;
  readonly alice: Phone;
  readonly bob: Phone;

  private constructor(voices: Voices, site: Site, server: Server, alice: Phone, bob: Phone) {
    this.voices = voices;
    this.site = site;
    this.server = server;
    this.alice = alice;
    this.bob = bob;
  }

  static async open(kind: ServerKind): Promise<Pair> {
    const [voices, site, server] = await Promise.all([Voices.start(), serve({ "/": web }), startServer(kind)]);
    const [alice, bob] = await Promise.all([
      Phone.open(voices.alice, site.url, user(server, 0), server.ws),
      Phone.open(voices.bob, site.url, user(server, 1), server.wss),
    ]);
    return new Pair(voices, site, server, alice, bob);
  }

  /** A third person, with a page of her own that says what alice says. */
  get carol(): User {
    return user(this.server, 2);
  }

  get dave(): User {
    return user(this.server, 3);
  }

  /** What the pages complained of; there must be nothing. */
  assertContent(): void {
    assert.deepEqual([...this.alice.complaints, ...this.bob.complaints], []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.alice.close(), this.bob.close()]);
    await this.voices[Symbol.asyncDispose]();
    await this.site[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function user(server: Server, index: number): User {
  const found = server.users[index];
  assert.ok(found, "the server has too few users");
  return found;
}
