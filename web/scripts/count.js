// A reporter of node's test runner that prints, last, what `cargo xtask` adds up: the report for people has the numbers
// as well, and counts a scenario that a face cannot run as a test that was left out. Of those the scenarios' own table
// tells; a test that is left out otherwise fails the stage.
export default async function* count(source) {
  let [passed, failed, ignored] = [0, 0, 0];
  for await (const { type, data } of source) {
    if (data?.details?.type === "suite") continue;
    if (data?.skip !== undefined || data?.todo !== undefined) {
      if (type === "test:pass" && !data.file?.endsWith("scenarios.test.js")) ignored += 1;
      continue;
    }
    if (type === "test:pass") passed += 1;
    if (type === "test:fail") failed += 1;
  }
  yield `test result: ${failed === 0 ? "ok" : "FAILED"}. ${passed} passed; ${failed} failed; ${ignored} ignored\n`;
}
