// Builds dist/ from src/ and from what `cargo xtask wasm` puts into wasm/.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "./run.js";

const root = new URL("../", import.meta.url);
const at = (path) => fileURLToPath(new URL(path, root));

const files = ["rvoip_wasm.js", "rvoip_wasm_bg.wasm"];
const missing = files.filter((file) => !existsSync(at(`wasm/${file}`)));
if (missing.length > 0) {
  console.error(`wasm/ lacks ${missing.join(" and ")}: run \`cargo xtask wasm\` first`);
  process.exit(1);
}

rmSync(at("dist"), { recursive: true, force: true });
mkdirSync(at("dist/wasm"), { recursive: true });
cpSync(at("wasm/rvoip_wasm_bg.wasm"), at("dist/wasm/rvoip_wasm_bg.wasm"));
// The glue's own default place of the module would make bundlers emit it also for the entry that has it inlined.
const glue = readFileSync(at("wasm/rvoip_wasm.js"), "utf8");
const place = "new URL('rvoip_wasm_bg.wasm', import.meta.url)";
if (!glue.includes(place)) throw new Error("the glue has changed: where is its default place of the module?");
writeFileSync(at("dist/wasm/rvoip_wasm.js"), glue.replace(place, "undefined"));
cpSync(at("../LICENSE"), at("LICENSE"));
const base64 = readFileSync(at("wasm/rvoip_wasm_bg.wasm")).toString("base64");
writeFileSync(at("dist/wasm/rvoip_wasm_base64.js"), `export const base64 = "${base64}";\n`);
run("tsc", ["-p", "tsconfig.json"]);
