/** Where the module runs: in the thread of whoever calls. In `postseal/worker` another file stands here. */

import { DirectEngine } from "../lib/direct.js";
import type { Engine } from "../lib/engine.js";

export const engine: Engine = new DirectEngine();
