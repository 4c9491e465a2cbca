/** What comes from one entry point is nothing to another; and what a Buffer is, which pages don't have. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as small from "../dist/encrypt/index.js";
import * as direct from "../dist/face/index.js";
import * as threads from "../dist/worker/index.js";
import { failure } from "./suite/check.js";

const whole = { postseal: direct, "postseal/worker": threads };

for (const [name, postseal] of Object.entries(whole)) {
    const other = postseal === direct ? threads : direct;
    describe(name, () => {
        test("what another entry point has made stands for nothing here", async () => {
            const { key } = await postseal.SecretKey.generate("mallory@example.test");
            const { key: theirs } = await other.SecretKey.generate("bob@example.test");
            await postseal.encrypt("text", { certificates: [key.certificate] });
            const [signWith, keyring] = [await theirs.unlockUnprotected(), new other.Keyring([theirs])];
            const [ofSmall] = await small.Certificate.importAll(key.certificate.export());
            for (const [field, attempt] of [
                ["certificates", () => postseal.encrypt("text", { certificates: [theirs.certificate] })],
                ["certificates", () => postseal.encrypt("text", { certificates: [ofSmall] })],
                ["certificates", () => small.encrypt("text", { certificates: [key.certificate] })],
                ["signWith", () => postseal.encrypt("text", { certificates: [key.certificate], signWith })],
                ["keyring", () => postseal.decrypt("text", { keyring })],
                ["keyring", async () => new postseal.Keyring([theirs.certificate])],
                ["other", () => key.certificate.merge(theirs.certificate)],
            ]) {
                const error = await failure(Promise.resolve().then(attempt));
                assert.deepEqual([error.code, error.field], ["invalid-input", field], String(attempt));
            }
        });

        test("a passphrase in a Buffer stays as it is, and so does what is written from one", async () => {
            const passphrase = Buffer.from("correct horse");
            for (const { encrypt } of [postseal, small]) {
                await encrypt("text", { passphrases: [passphrase] });
                const made = await encrypt("text", { passphrases: [passphrase] });
                const { data } = await postseal.decrypt(made, { passphrases: ["correct horse"] });
                assert.equal(new TextDecoder().decode(data), "text");
            }
            assert.equal(passphrase.toString(), "correct horse");
            const piece = Buffer.alloc(100_000, 65);
            const { readable, writable } = postseal.encryptStream({ passphrases: [passphrase] });
            const made = new Response(readable).arrayBuffer();
            const writer = writable.getWriter();
            await writer.write(piece);
            await writer.close();
            const { data } = await postseal.decrypt(await made, { passphrases: [passphrase] });
            assert.deepEqual([Buffer.from(data).equals(piece), piece.length, piece[0]], [true, 100_000, 65]);
        });

        test("two certificates are both there however many were used before", async () => {
            const { key } = await postseal.SecretKey.generate("alice@example.test");
            const bytes = key.certificate.export();
            const [first] = await postseal.Certificate.importAll(bytes);
            for (let used = 0; used < 511; used++) {
                const [certificate] = await postseal.Certificate.importAll(bytes);
                await certificate.exportArmored();
            }
            await first.exportArmored();
            assert.equal((await first.merge(key.certificate)).fingerprint, key.fingerprint);
        });

        test("a key whose unlocking was given up is not there", async () => {
            const { key } = await postseal.SecretKey.generate("alice@example.test", { passphrase: "secret" });
            const controller = new AbortController();
            const unlocking = key.unlock("secret", { signal: controller.signal });
            controller.abort();
            assert.equal((await failure(unlocking)).code, "cancelled");
            const next = await key.unlock("secret");
            const lost = new postseal.UnlockedKey(key.certificate, next.reference - 1);
            assert.equal((await failure(postseal.signDetached("text", lost))).code, "closed");
        });
    });
}

test("what is done with data and a passphrase after postseal/encrypt was called changes nothing", async () => {
    const [data, passphrase] = [Buffer.from("text"), Buffer.from("secret")];
    const encrypting = small.encrypt(data, { passphrases: [passphrase] });
    data.fill(0);
    passphrase.fill(0);
    const { data: read } = await direct.decrypt(await encrypting, { passphrases: ["secret"] });
    assert.equal(new TextDecoder().decode(read), "text");
});

test("postseal/encrypt signs nothing, and says so", async () => {
    const options = { passphrases: ["secret"], signWith: {} };
    const error = await failure(small.encrypt("text", options));
    assert.deepEqual([error.code, error.field], ["invalid-input", "signWith"]);
    const cyclic = {};
    cyclic.address = cyclic;
    const drafted = await failure(small.seal({ from: cyclic, to: ["a@example.test"], text: "Hi." }, []));
    assert.deepEqual([drafted.code, drafted.field], ["invalid-input", "from"]);
});
