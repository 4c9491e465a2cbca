/** What becomes of keys, threads and streams that are given up, are held by nobody, or come too late. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, beforeEach, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as threads from "node:worker_threads";

import { failure } from "./suite/check.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** The threads that are there, and what is told of them. */
const live = new Set();
let onPost = () => {};
let refusals = 0;

/** A thread as browsers have it. */
globalThis.Worker = class {
    #thread;

    constructor(url) {
        if (refusals > 0) {
            refusals--;
            throw new DOMException("of another origin", "SecurityError");
        }
        this.#thread = new threads.Worker(url);
        this.#thread.on("message", (data) => this.onmessage({ data }));
        this.#thread.unref();
        live.add(this);
    }

    postMessage(order, transfer) {
        onPost(order, this);
        this.#thread.postMessage(order, transfer);
    }

    terminate() {
        live.delete(this);
        void this.#thread.terminate();
    }
};
// One thread does what takes long.
Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: 2 }, configurable: true });

// The threads don't keep the process.
const keeping = setInterval(() => {}, 1_000);
after(() => clearInterval(keeping));

const direct = await import("../dist/face/index.js");
let pools = 0;
const faces = { postseal: async () => direct, "postseal/worker": () => import(`../dist/worker/index.js?${++pools}`) };
const ALICE = "alice@example.test";

beforeEach(() => {
    [onPost, refusals] = [() => {}, 0];
});

/** Ends within a time in which nothing takes so long. */
async function soon(promise, what) {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what}: still waiting`)), 10_000)));
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function until(condition, what) {
    for (let tries = 0; !condition(); tries++) {
        assert.ok(tries < 200, what);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

for (const [name, imported] of Object.entries(faces)) {
    describe(name, () => {
        test("a key that nobody holds stays until what was begun with it is done", async () => {
            const postseal = await imported();
            const { key } = await postseal.SecretKey.generate(ALICE);
            const { copies } = await postseal.seal({ from: ALICE, to: [ALICE], subject: "s", text: "t" }, new postseal.Keyring([key]));
            const collecting = setInterval(collect, 10);
            // Bytes that are slow to come.
            const slow = new Blob([copies[0].bytes]);
            slow.arrayBuffer = async () => {
                await new Promise((resolve) => setTimeout(resolve, 200));
                return copies[0].bytes.slice().buffer;
            };
            const begun = async (act) => act(await key.unlockUnprotected());
            const ring = (unlocked) => new postseal.Keyring([unlocked]);
            const done = await Promise.allSettled([
                begun((unlocked) => postseal.open(slow, ring(unlocked))),
                begun((unlocked) => postseal.signDetached(slow, unlocked)),
                begun((unlocked) => postseal.verifyDetached(slow, "nothing", ring(unlocked))),
                begun((unlocked) => postseal.encrypt(slow, { certificates: [key.certificate], signWith: unlocked })),
                begun((unlocked) => postseal.decrypt(slow, { keyring: ring(unlocked) })),
            ]);
            clearInterval(collecting);
            const failures = done.filter(({ reason }) => reason).map(({ reason }) => reason.code);
            // One of the signatures is none.
            assert.deepEqual(failures, ["malformed"]);
        });

        test("a key of which a part is still locked does what the others can", async () => {
            const postseal = await imported();
            const { key } = await postseal.SecretKey.generate(ALICE);
            const first = await (await key.unlockUnprotected()).lock("the first");
            const second = await (await key.unlockUnprotected()).lock("the second");
            const [[primary], [, ...rest]] = [packets(first), packets(second)];
            const [mixed] = await postseal.SecretKey.importAll(Buffer.concat([primary, ...rest]));
            const unlocked = await mixed.unlock("the second");
            assert.ok((await postseal.signDetached("text", unlocked)).length > 0);
            const message = await postseal.encrypt("text", { certificates: [key.certificate] });
            const { data } = await postseal.decrypt(message, { keyring: new postseal.Keyring([unlocked]) });
            assert.equal(new TextDecoder().decode(data), "text");
            assert.equal((await failure(unlocked.revocation())).code, "key-missing");
        });

        test("attachments are sealed as they were when the draft was given", async () => {
            const postseal = await imported();
            const { key } = await postseal.SecretKey.generate(ALICE);
            const keyring = new postseal.Keyring([key]);
            const [attached, inline] = [Buffer.from("attached"), Buffer.from("inline")];
            const sealing = postseal.seal(
                {
                    from: ALICE,
                    to: [ALICE],
                    subject: "s",
                    html: "<img src='cid:one@example.test'>",
                    attachments: [new File(["a file"], "file.txt"), { fileName: "a.bin", mediaType: "application/octet-stream", data: attached }],
                    inline: [{ fileName: "b.bin", mediaType: "image/png", contentId: "one@example.test", data: inline }],
                },
                keyring,
            );
            attached.fill(0x2a);
            inline.fill(0x2a);
            const { message } = await postseal.open((await sealing).copies[0].bytes, keyring);
            const texts = [...message.attachments, ...message.inlineParts].map(({ data }) => new TextDecoder().decode(data));
            assert.deepEqual(texts.sort(), ["a file", "attached", "inline"]);
        });

        test("a stream that is cancelled, aborted or given something else leaves nothing behind", async () => {
            const postseal = await imported();
            const { key } = await postseal.SecretKey.generate(ALICE);
            const options = { certificates: [key.certificate], signWith: await key.unlockUnprotected() };
            const before = live.size;
            const there = () => live.size === before;

            await soon(postseal.encryptStream(options).readable.cancel(), "cancelled at once");
            await until(there, "after it was cancelled at once");

            const wrong = postseal.encryptStream(options);
            const reading = failure(wrong.readable.getReader().read());
            assert.equal((await failure(wrong.writable.getWriter().write("a text"))).code, "invalid-input");
            assert.equal((await reading).code, "invalid-input");
            await until(there, "after something else was written");

            // While nothing is written, nor read.
            const controller = new AbortController();
            const idle = postseal.encryptStream({ ...options, signal: controller.signal });
            const [writer, reader] = [idle.writable.getWriter(), idle.readable.getReader()];
            const first = writer.write(new Uint8Array(10));
            await soon(reader.read(), "the beginning");
            await first;
            controller.abort();
            assert.equal((await soon(failure(reader.read()), "the reader")).code, "cancelled");
            assert.equal((await soon(failure(writer.write(new Uint8Array(10))), "the writer")).code, "cancelled");
            await until(there, "after its signal");

            const aborted = new AbortController();
            aborted.abort();
            const never = postseal.encryptStream({ ...options, signal: aborted.signal });
            assert.equal((await soon(failure(never.readable.getReader().read()), "the reader")).code, "cancelled");
            await until(there, "after a signal that was aborted before");
        });

        test("what waits for the module hears its signal", async () => {
            const server = createServer(() => {}).listen(0, "127.0.0.1");
            await new Promise((resolve) => server.once("listening", resolve));
            // One that has not begun.
            const folder = name === "postseal" ? "face" : "worker";
            const { init, parseMessage } = await import(`../dist/${folder}/index.js?unbegun`);
            const initialized = failure(init(`http://127.0.0.1:${server.address().port}/`));
            const parsed = failure(parseMessage("Subject: s\r\n\r\n", { signal: AbortSignal.timeout(100) }));
            assert.equal((await soon(parsed, "parsing")).code, "cancelled");
            server.closeAllConnections();
            server.close();
            assert.equal((await initialized).code, "not-found");
        });
    });
}

describe("postseal/worker", () => {
    test("a key that is freed while it goes to a thread is wiped there, too", async () => {
        const postseal = await faces["postseal/worker"]();
        const { key } = await postseal.SecretKey.generate(ALICE);
        const unlocked = await key.unlockUnprotected();
        await postseal.parseMessage("Subject: s\r\n\r\n");
        let thread;
        onPost = (order, worker) => {
            if (order.do === "give") {
                void unlocked.free();
            } else if (order.do === "take") {
                thread = worker;
            }
        };
        assert.equal((await failure(postseal.signDetached("text", unlocked))).code, "closed");
        onPost = () => {};
        const answered = new Promise((resolve) => {
            const { onmessage } = thread;
            thread.onmessage = (event) => (event.data.id === "forged" ? resolve(event.data) : onmessage(event));
        });
        const args = [new Uint8Array(), unlocked.reference, true, Date.now()];
        thread.postMessage({ do: "call", id: "forged", name: "signDetached", args });
        assert.equal((await soon(answered, "the thread")).failed.code, "closed");
    });

    test("where threads can't be started, each call says so, and the next one tries again", async () => {
        const postseal = await faces["postseal/worker"]();
        const parsed = () => Promise.allSettled([1, 2, 3].map(() => postseal.parseMessage("Subject: s\r\n\r\n")));
        refusals = Number.MAX_SAFE_INTEGER;
        for (const { reason } of await soon(parsed(), "parsing without threads")) {
            assert.ok(reason instanceof postseal.PostsealError && reason.code === "internal", String(reason));
        }
        refusals = 1;
        const statuses = (await soon(parsed(), "parsing")).map(({ status }) => status);
        assert.deepEqual(statuses, ["fulfilled", "fulfilled", "fulfilled"]);
        refusals = 1;
        assert.equal((await failure(postseal.SecretKey.generate(ALICE))).code, "internal");
        const { key } = await postseal.SecretKey.generate(ALICE);
        assert.equal(key.certificate.userIds.length, 1);
    });

    test("after init it works where no more threads can be started", async () => {
        Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: 4 }, configurable: true });
        try {
            const postseal = await faces["postseal/worker"]();
            await postseal.init();
            refusals = Number.MAX_SAFE_INTEGER;
            const { key } = await postseal.SecretKey.generate(ALICE);
            const encrypting = Array.from({ length: 5 }, () => postseal.encrypt("text", { certificates: [key.certificate] }));
            const keyring = new postseal.Keyring([key]);
            const read = await Promise.all((await soon(Promise.all(encrypting), "encrypting")).map((made) => postseal.decrypt(made, { keyring })));
            assert.deepEqual(read.map(({ data }) => data.length), [4, 4, 4, 4, 4]);
        } finally {
            Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: 2 }, configurable: true });
        }
    });

    test("who gives up while a thread is started is told at once, and the thread is for others", async () => {
        const postseal = await faces["postseal/worker"]();
        const before = live.size;
        const signal = AbortSignal.abort();
        const parse = (signal) => postseal.parseMessage("Subject: s\r\n\r\n", { signal });
        assert.equal((await failure(parse(signal))).code, "cancelled");
        const controller = new AbortController();
        onPost = (order) => order.do === "start" && controller.abort();
        assert.equal((await soon(failure(parse(controller.signal)), "parsing")).code, "cancelled");
        onPost = () => {};
        assert.equal((await parse()).subject, "s");
        assert.equal(live.size, before + 1);
    });

    test("a keyring comes with its content until the thread has it", async () => {
        const postseal = await faces["postseal/worker"]();
        const before = new Set(live);
        const { key } = await postseal.SecretKey.generate(ALICE);
        const [vault] = [...live].filter((thread) => !before.has(thread));
        const keyring = new postseal.Keyring([key]);
        const asked = await Promise.all([keyring.unlockedKeys(), keyring.lockedKeys(), keyring.unlockedKeys()]);
        assert.deepEqual(asked, [[key.fingerprint], [], [key.fingerprint]]);
        // Nor has one that takes the place of a thread that has failed.
        const unlocked = await key.unlockUnprotected();
        const ring = new postseal.Keyring([unlocked]);
        vault.onerror({ preventDefault() {}, message: "provoked" });
        const lost = await Promise.allSettled([ring.unlockedKeys(), ring.lockedKeys(), ring.certificates()]);
        assert.deepEqual(lost.map(({ reason }) => reason?.code), ["closed", "closed", "closed"]);
        assert.deepEqual(await keyring.unlockedKeys(), [key.fingerprint]);
    });
});

/** The packets that a key is made of (RFC 9580, section 4.2.1). */
function packets(key) {
    const bytes = key.dangerousExportUnprotected();
    const found = [];
    for (let at = 0; at < bytes.length; ) {
        const [, first, second] = bytes.subarray(at);
        const view = new DataView(bytes.buffer, bytes.byteOffset + at);
        const [header, length] =
            first < 192 ? [2, first] : first < 224 ? [3, (first - 192) * 256 + second + 192] : [6, view.getUint32(2)];
        found.push(bytes.subarray(at, at + header + length));
        at += header + length;
    }
    return found;
}
