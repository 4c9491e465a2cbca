/** The suite in browsers, in the thread of the page and in others. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { TEXT, Others, hasOthers } from "./others.js";
import { browsers, missing, mostMemory, open } from "./browsers.js";
import { hasCorpora, needCorpora, why } from "./places.js";
import { serve } from "./server.js";
import { names } from "./suite/run.js";

let server;
before(async () => (server = await serve()));
after(() => server.close());

for (const browser of browsers) {
    describe(browser, { skip: missing(browser) }, () => {
        let opened;
        before(async () => {
            opened = await open(browser, server.url);
            await opened.page.waitForFunction(() => globalThis.isReady);
        });
        after(() => opened?.close());

        for (const face of ["postseal", "postseal/worker"]) {
            const all = names({ isPage: true, isWorker: face === "postseal/worker" });
            // This one has a page of its own.
            for (const name of all.filter((name) => name !== "a_file_of_200_mb")) {
                const skip = !hasCorpora && needCorpora.includes(name) ? why : false;
                test(`${face}: ${name}`, { skip, timeout: 240_000 }, async () => {
                    const wrong = await opened.page.evaluate(
                        ({ face, name }) => globalThis.runTest(face, name),
                        { face, name },
                    );
                    assert.equal(wrong, null);
                });
            }
        }

        for (const face of ["postseal", "postseal/worker"]) {
            const title = `${face}: what the page seals is read by the core, GnuPG and OpenPGP.js, and what the core seals by the page`;
            test(title, { skip: hasOthers ? false : "the core's program or GnuPG is not there" }, async () => {
                const others = await Others.make();
                try {
                    const { sealed, opened: read } = await opened.page.evaluate(
                        ({ face, given }) => globalThis.sealAndOpen(face, given),
                        { face, given: others.forPage() },
                    );
                    assert.deepEqual(read, ["sealed", "From the core", TEXT]);
                    await others.read(sealed);
                } finally {
                    others.close();
                }
            });
        }

        test("postseal/worker: a file of 200 MB takes little memory", { timeout: 240_000 }, async (context) => {
            const fresh = await open(browser, server.url);
            try {
                await opened?.close();
                opened = undefined;
                await fresh.page.waitForFunction(() => globalThis.isReady);
                const before = mostMemory();
                const run = () => globalThis.runTest("postseal/worker", "a_file_of_200_mb");
                assert.equal(await fresh.page.evaluate(run), null);
                const more = mostMemory() - before;
                context.diagnostic(`${more} MB more`);
                // Held in memory, what is made of it would be 400 MB, and the pieces on the way as much again.
                assert.ok(more < 300, `${more} MB more`);
            } finally {
                await fresh.close();
            }
        });
    });
}
