import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The files directly in a folder of web/ whose names end in a certain way, in order. */
export function globSync(folder, ending) {
  if (!existsSync(root + folder)) return [];
  return readdirSync(root + folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);
}
