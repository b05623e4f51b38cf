// A reporter of node's test runner that prints, last, what `cargo xtask` adds up.
export default async function* count(source) {
  let [passed, failed] = [0, 0];
  for await (const { type, data } of source) {
    if (data?.details?.type === "suite" || data?.skip !== undefined) continue;
    if (type === "test:pass") passed += 1;
    if (type === "test:fail") failed += 1;
  }
  yield `test result: ${failed === 0 ? "ok" : "FAILED"}. ${passed} passed; ${failed} failed\n`;
}
