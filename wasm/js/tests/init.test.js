/** Loading the module from where it isn't: with a code, and with the next attempt as good as the first. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import * as small from "../dist/encrypt/index.js";
import * as direct from "../dist/face/index.js";
import * as threads from "../dist/worker/index.js";
import { failure } from "./suite/check.js";

const module = (name) => new URL(`../dist/pkg/${name}_bg.wasm`, import.meta.url);
/** A module with nothing in it. */
const EMPTY = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

for (const [name, postseal] of Object.entries({ postseal: direct, "postseal/worker": threads, "postseal/encrypt": small })) {
    test(`${name} is loaded from where it is, and from nowhere else`, async () => {
        for (const [source, code] of [
            [new URL("nothing.wasm", import.meta.url), "not-found"],
            ["http://127.0.0.1:1/postseal.wasm", "not-found"],
            [EMPTY, "invalid-input"],
            [new TextEncoder().encode("no module"), "invalid-input"],
            [new Response(EMPTY, { headers: { "Content-Type": "application/wasm" } }), "invalid-input"],
            [new Response("", { status: 404 }), "not-found"],
            [await readFile(module(postseal === small ? "postseal" : "encrypt")), "invalid-input"],
        ]) {
            const error = await failure(postseal.init(source));
            assert.deepEqual([error.name, error.code], ["PostsealError", code], String(source));
        }
        for (const source of [EMPTY, new Uint8Array(4), undefined]) {
            const error = await failure(Promise.resolve().then(() => postseal.initSync(source)));
            assert.deepEqual([error.code, error.field], ["invalid-input", "source"]);
        }
        await postseal.init(await readFile(module(postseal === small ? "encrypt" : "postseal")));
        assert.ok((await postseal.encrypt("text", { passphrases: ["secret"] })).length > 4);
    });
}
