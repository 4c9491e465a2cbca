/** What the module itself promises: it comes back after a trap, it wipes what was secret, it asks for randomness in one place. */

import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import binaryen from "binaryen";

import { dist } from "./places.js";

const bytes = readFileSync(new URL("pkg/postseal_bg.wasm", dist));

/** The module, in which a function that is exported stops instead of doing its work. */
function trapping(name) {
    const module = binaryen.readBinary(bytes);
    const { BulkMemory, ExtendedConst, Multivalue, MutableGlobals, NontrappingFPToInt, ReferenceTypes, SIMD128, SignExt } =
        binaryen.Features;
    const all = [BulkMemory, ExtendedConst, Multivalue, MutableGlobals, NontrappingFPToInt, ReferenceTypes, SIMD128, SignExt];
    module.setFeatures(all.reduce((all, one) => all | one));
    const exported = module.getExport(name);
    const { name: internal } = binaryen.getExportInfo(exported);
    const own = binaryen.getExportInfo(exported).value;
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(own));
    module.removeFunction(own);
    module.addFunction(own, params, results, [], module.unreachable());
    assert.equal(internal, name);
    return module.emitBinary();
}

for (const name of ["face", "worker"]) {
    test(`${name}: after a trap the call ends as internal, and the next one works`, { timeout: 60_000 }, async () => {
        const script = `
            import { parentPort, workerData } from "node:worker_threads";
            const postseal = await import(workerData.url);
            postseal.initSync(workerData.source);
            const make = async () => (await postseal.SecretKey.generate("alice@example.test")).key.unlockUnprotected();
            const code = (promise) => promise.then(() => "none", (error) => error.code);
            const key = await make();
            const long = code(postseal.encrypt(new Uint8Array(20_000_000), { certificates: [key.certificate] }));
            // It waits for WebCrypto now.
            await new Promise((resolve) => setImmediate(resolve));
            const trapped = await code(postseal.signCleartext("text", key));
            const again = await make();
            const signed = await postseal.signDetached("text", again);
            const lost = await code(postseal.signDetached("text", key));
            const interrupted = await long;
            const keyring = new postseal.Keyring([again]);
            const message = await postseal.encrypt(new Uint8Array(1_000_000), { certificates: [again.certificate] });
            const { data } = await postseal.decrypt(message, { keyring });
            parentPort.postMessage({ trapped, length: signed.length, lost, interrupted, decrypted: data.length });
            parentPort.close();
        `;
        const url = new URL(`${name}/index.js`, dist).href;
        const workerData = { url, source: trapping("signCleartext") };
        const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { workerData });
        const told = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
        await worker.terminate();
        assert.equal(told.trapped, "internal");
        assert.ok(told.length > 50);
        // In this thread everything was lost with the module; in others only what the one thread had, and the vault has the key.
        assert.equal(told.lost, name === "face" ? "closed" : "none");
        // What was under way in it is as lost, and everything works on.
        assert.equal(told.interrupted, name === "face" ? "internal" : "none");
        assert.equal(told.decrypted, 1_000_000);
    });
}

test("errors show what is in texts of others, though the module has nothing for those who debug", async () => {
    const postseal = await import("../dist/face/index.js");
    const draft = { from: "alice@example.test", to: ["bob@example.test"], subject: "a\r\nBcc: eve@example.test", text: "" };
    await assert.rejects(postseal.seal(draft, new postseal.Keyring(), { protection: "unprotected" }), /the character '\\r' is not allowed there/);
});

test("secrets are wiped from the memory of the module when they are freed", async () => {
    // What the package is bundled of: nothing of it shows the memory.
    const wasm = await import("../pkg/postseal.js?wiped");
    const { memory } = wasm.initSync({ module: bytes });
    const now = Date.now();
    const passphrase = new TextEncoder().encode("a passphrase that nobody else has: 7f3a91");
    const made = wasm.generateKey("modern", "alice@example.test", undefined, now);
    const key = made.key();
    const stored = key.dangerousExportUnprotected();
    const secrets = secretsOf(stored);
    assert.equal(secrets.length, 3);

    const unlocked = key.unlockUnprotected();
    const locked = unlocked.lock(passphrase);
    const again = locked.unlock(passphrase);
    const signature = wasm.signDetached(new Uint8Array(10), again, false, now);
    assert.ok(signature.length > 0);
    const recipients = new wasm.Recipients();
    recipients.addPassphrase(passphrase);
    const encrypting = wasm.beginBulkEncryption(new Uint8Array(10), recipients, false, true, now);
    const plaintext = encrypting.takePlaintext();
    const sessionKey = encrypting.dangerousSessionKey();
    const cipher = createCipheriv("aes-256-cfb", sessionKey, new Uint8Array(16));
    const digest = createHash("sha1").update(plaintext).digest();
    const encrypted = encrypting.finish(Buffer.concat([cipher.update(plaintext), cipher.update(digest)]));
    const options = new wasm.ReadOptions();
    options.addPassphrase(passphrase);
    const keyring = new wasm.Keyring();
    keyring.addUnlockedKey(again);
    const find = (bytes) => Buffer.from(memory.buffer).includes(bytes);
    const decrypting = wasm.beginBulkDecryption(encrypted, keyring, options, true, true, now);
    assert.deepEqual(decrypting.dangerousSessionKey(), sessionKey);
    // Where it is not found at all, the search would prove nothing.
    assert.ok(find(passphrase), "options have it still");
    const decipher = createDecipheriv("aes-256-cfb", sessionKey, new Uint8Array(16));
    const read = decipher.update(decrypting.takeCiphertext());
    assert.deepEqual(decrypting.finish(read, digest).data, new Uint8Array(10));

    for (const object of [made, key, unlocked, locked, again, recipients, options, keyring, encrypting, decrypting]) {
        object.free();
    }
    assert.ok(!find(passphrase), "the passphrase is wiped");
    assert.ok(!find(sessionKey), "the session key is wiped");
    secrets.forEach((secret, at) => assert.ok(!find(secret), `the secret part of key ${at} is wiped`));
});

/** The secret parts of a modern key without passphrase: 32 octets at the end of each key packet (RFC 9580, sections 5.5.3 and 5.5.5.7 to 5.5.5.9). */
function secretsOf(bytes) {
    const secrets = [];
    for (let at = 0; at < bytes.length; ) {
        const tag = bytes[at] & 0x3f;
        let [length, begin] = [bytes[at + 1], at + 2];
        if (length >= 192) {
            assert.ok(length < 224);
            length = ((length - 192) << 8) + bytes[at + 2] + 192;
            begin++;
        }
        if (tag === 5 || tag === 7) {
            secrets.push(bytes.slice(begin + length - 32, begin + length));
        }
        at = begin + length;
    }
    return secrets;
}

test("without crypto.getRandomValues there is no key, and nothing else is asked for randomness", async () => {
    const { SecretKey, initSync } = await import(new URL("face/index.js", dist).href);
    initSync(bytes);
    const original = crypto.getRandomValues;
    crypto.getRandomValues = () => {
        throw new Error("no randomness");
    };
    try {
        await assert.rejects(SecretKey.generate("alice@example.test"), { name: "PostsealError", code: "internal" });
    } finally {
        crypto.getRandomValues = original;
    }
    await SecretKey.generate("alice@example.test");
});
