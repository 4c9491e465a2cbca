/** Where the module runs: in threads of its own. */

import type { Engine } from "../lib/engine.js";
import { PoolEngine } from "../lib/pool.js";

export const engine: Engine = new PoolEngine();
