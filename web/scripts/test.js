// Compiles tests/ and runs some kinds of them: `node scripts/test.js unit consumer`.
import { spawnSync } from "node:child_process";
import { globSync } from "./glob.js";
import { root, run } from "./run.js";

const KINDS = ["unit", "consumer", "browser", "conformance"];
const kinds = process.argv.slice(2).filter((one) => !one.startsWith("-"));
const options = process.argv.slice(2).filter((one) => one.startsWith("-"));

run("tsc", ["-p", "tests/tsconfig.json"]);
let failed = false;
for (const kind of kinds.length === 0 ? KINDS : kinds) {
  const files = globSync(`build/${kind}`, ".test.js");
  if (files.length === 0) {
    console.error(`there is no test in tests/${kind}`);
    failed = true;
    continue;
  }
  const reporters = ["spec", "./scripts/count.js"].flatMap((one) => [
    `--test-reporter=${one}`,
    "--test-reporter-destination=stdout",
  ]);
  const concurrency = kind === "unit" ? 2 : 1;
  // What waits for a page waits for ever: a file of tests takes two minutes at most.
  const { status } = spawnSync(
    process.execPath,
    ["--test", "--test-timeout=600000", `--test-concurrency=${concurrency}`, ...reporters, ...options, ...files],
    { cwd: root, stdio: "inherit" },
  );
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
