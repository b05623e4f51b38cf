import { fileURLToPath } from "node:url";

/** The folder of the package. */
export const web = fileURLToPath(new URL("../../", import.meta.url));

/** The root of the repository. */
export const repository = fileURLToPath(new URL("../../../", import.meta.url));
