import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const dist = new URL("../../dist/", import.meta.url);

/** Runs a module in a node of its own and gives what it prints. */
function node(code: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: fileURLToPath(new URL("../", dist)),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test("importing needs no window, document or navigator", () => {
  for (const entry of ["rvoip", "rvoip/inline"]) {
    const code = `
      for (const name of ["window", "document", "navigator", "self"])
        Object.defineProperty(globalThis, name, { get() { throw new Error(name + " was touched"); }, configurable: true });
      const { Client } = await import(${JSON.stringify(entry)});
      console.log(typeof Client.create);`;
    assert.equal(node(code), "function");
  }
});

test("before init every entrance says what is missing, as a rejected promise", () => {
  for (const entry of ["rvoip", "rvoip/inline"]) {
    const code = `
      const { Client, InvalidStateError, RvoipError, parseMessage } = await import(${JSON.stringify(entry)});
      const error = await Client.create().catch((error) => error);
      let thrown; try { parseMessage("") } catch (error) { thrown = error }
      console.log([error, thrown].every((e) => e instanceof InvalidStateError && e instanceof RvoipError), error.message);`;
    const printed = node(code);
    assert.match(printed, /^true /);
    assert.match(printed, /await init\(\)/);
  }
});

test("what is no WebAssembly is an error of this library, and the next attempt is free", () => {
  const code = `
    import { readFileSync } from "node:fs";
    const { default: init, initSync, UnsupportedError, isInitialized } = await import("rvoip");
    const bytes = readFileSync("dist/wasm/rvoip_wasm_bg.wasm");
    const errors = [];
    errors.push(await init(new Uint8Array(8)).catch((error) => error));
    errors.push(await init(new URL("file:///nowhere/rvoip.wasm")).catch((error) => error));
    errors.push(await init(new Response("<!doctype html>", { status: 404 })).catch((error) => error));
    try { initSync(new Uint8Array(8)) } catch (error) { errors.push(error) }
    const kinds = errors.map((error) => error instanceof UnsupportedError && error.cause instanceof Error);
    await Promise.all([init(bytes), init(bytes)]);
    console.log(kinds.join(), isInitialized(), errors[0].message);`;
  assert.match(node(code), /^true,true,true,true true the WebAssembly could not be loaded: /);
});

test("nothing needs a content policy weaker than 'wasm-unsafe-eval'", () => {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  assert.ok(files.length > 10);
  for (const file of files.filter((name) => !name.includes("base64"))) {
    const text = readFileSync(new URL(file, dist), "utf8");
    assert.doesNotMatch(text, /\beval\s*\(|new Function\s*\(|\bdocument\.write\b|\.innerHTML\b/, file);
  }
});

test("the types that are published contain no any", () => {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"));
  assert.ok(files.length > 10);
  for (const file of files) {
    const code = readFileSync(new URL(file, dist), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    assert.doesNotMatch(code, /\bany\b/, file);
  }
});
