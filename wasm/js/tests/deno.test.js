/** The suite in Deno, which runs the tests of Node as they are. */

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { hasCorpora } from "./places.js";
import { names } from "./suite/run.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

test("the suite runs in Deno", { timeout: 240_000 }, async () => {
    // What it keeps of a run is nobody else's.
    const kept = await mkdtemp(join(tmpdir(), "deno-"));
    const env = { ...process.env, DENO_DIR: kept, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    const permissions = ["--allow-read", "--allow-env", "--allow-sys"];
    const told = await new Promise((resolve) => {
        const words = [here("../node_modules/deno/bin.cjs"), "test", "--no-check", ...permissions, here("node.test.js")];
        execFile(process.execPath, words, { env, timeout: 220_000, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
            resolve(`${stdout}${stderr}${error ?? ""}`),
        );
    });
    await rm(kept, { recursive: true, force: true });
    const [, passed, failed] = told.match(/(\d+) passed \| (\d+) failed/) ?? assert.fail(told);
    assert.equal(Number(failed), 0, told);
    // Where what others have made is absent, one test of each face is left out.
    const all = [false, true].map((isWorker) => names({ isPage: false, isWorker }).length - (hasCorpora ? 0 : 1));
    assert.equal(Number(passed), all[0] + all[1], told);
});
