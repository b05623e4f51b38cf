// The files of the scenarios, and the table of what became of them.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./paths.js";
import type { Scenario } from "./scenario.js";

const FOLDER = join(repository, "tests/conformance");
const TABLES = process.env["RVOIP_TABLES"];

/** Where the module with the harness is: `cargo xtask` says. */
export const HARNESS = process.env["RVOIP_HARNESS"] ?? join(repository, "target/wasm-harness");

/** The scenarios of a folder, by name. */
export function scenarios(folder: "scenarios" | "broken"): (readonly [name: string, scenario: Scenario])[] {
  return readdirSync(join(FOLDER, folder))
    .sort()
    .map((file) => [file.replace(".json", ""), JSON.parse(readFileSync(join(FOLDER, folder, file), "utf8")) as Scenario]);
}

/** What became of each scenario, a line each, for the table of all languages. */
export class Outcomes {
  readonly #lines = new Map<string, string>();

  add(scenario: string, outcome: string): void {
    this.#lines.set(scenario, `scenario ${scenario}: ${outcome}`);
  }

  /** Writes the table, if somebody asked for it. */
  write(face: string): void {
    if (TABLES === undefined) return;
    mkdirSync(TABLES, { recursive: true });
    const lines = [...this.#lines.values()].sort();
    writeFileSync(join(TABLES, `${face}.txt`), lines.map((line) => `${line}\n`).join(""));
  }
}
