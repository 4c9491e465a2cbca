/** The suite in Node, in its own thread and in others. */

import { test } from "node:test";

import * as direct from "../dist/face/index.js";
import * as pool from "../dist/worker/index.js";
import { context, hasCorpora, needCorpora, why } from "./places.js";
import { names, run } from "./suite/run.js";

for (const [face, postseal] of Object.entries({ postseal: direct, "postseal/worker": pool })) {
    const isWorker = postseal === pool;
    for (const name of names({ isPage: false, isWorker })) {
        const skip = !hasCorpora && needCorpora.includes(name) ? why : false;
        test(`${face}: ${name}`, { skip, timeout: 120_000 }, () => run(name, context(postseal)));
    }
}
