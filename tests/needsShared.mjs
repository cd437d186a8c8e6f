// The data beside the checkout, which a clone elsewhere does not have.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { shared } from "../scripts/paths.mjs";

export const hasShared = existsSync(join(shared, "data"));
/** For `test(name, needsShared, …)`: says so where it is absent. */
export const needsShared = { skip: hasShared ? false : "../shared is not here" };
