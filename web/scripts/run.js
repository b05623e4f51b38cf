import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs a program of node_modules/.bin, or another one, in web/; ends with its status if that is not 0. */
export function run(program, args, environment = {}) {
  const bin = program === "node" ? process.execPath : `${root}node_modules/.bin/${program}`;
  const { status, error } = spawnSync(bin, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...environment } });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
