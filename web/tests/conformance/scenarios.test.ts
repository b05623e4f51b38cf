// Every scenario passes, and every broken one fails for the reason that it says.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { run } from "../support/scenario.js";
import { Outcomes, scenarios } from "../support/scenarios.js";
import { world } from "../support/world.js";

const outcomes = new Outcomes();
after(() => outcomes.write("typescript"));

for (const [name, scenario] of scenarios("scenarios")) {
  test(`${name}: ${scenario.shows}`, async (context) => {
    outcomes.add(name, "failed");
    const skipped = await run(scenario, world(1));
    outcomes.add(name, skipped === undefined ? "ok" : `skipped ${skipped}`);
    if (skipped !== undefined) context.skip(skipped);
  });
}

for (const [name, scenario] of scenarios("broken")) {
  test(`broken ${name} fails`, async () => {
    const error: unknown = await run(scenario, world(1)).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof Error, "it passed");
    assert.ok(error.message.includes(scenario.fails_with ?? ""), error.message);
  });
}
