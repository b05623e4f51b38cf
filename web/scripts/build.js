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
for (const file of files) cpSync(at(`wasm/${file}`), at(`dist/wasm/${file}`));
cpSync(at("../LICENSE"), at("LICENSE"));
const base64 = readFileSync(at("wasm/rvoip_wasm_bg.wasm")).toString("base64");
writeFileSync(at("dist/wasm/rvoip_wasm_base64.js"), `export cpSync(at("../LICENSE"), at("LICENSE"));
const base64 = "${base64}";\n`);
run("tsc", ["-p", "tsconfig.json"]);
