// Compiles tests/ and runs one kind of them: `node scripts/test.js unit`.
import { globSync } from "./glob.js";
import { run } from "./run.js";

const [kind = "unit", ...rest] = process.argv.slice(2);
run("tsc", ["-p", "tests/tsconfig.json"]);
const files = globSync(`build/${kind}`, ".test.js");
if (files.length === 0) {
  console.error(`there is no test in tests/${kind}`);
  process.exit(1);
}
const concurrency = kind === "unit" ? 2 : 1;
run("node", ["--test", `--test-concurrency=${concurrency}`, "--test-reporter=spec", ...rest, ...files]);
