/** postseal/encrypt, a module of its own: what it makes is read by the whole one and by OpenPGP.js. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as openpgp from "openpgp";

import * as small from "../dist/encrypt/index.js";
import * as postseal from "../dist/face/index.js";
import { bytesFrom, noise, textOf } from "./suite/check.js";

const LETTER = "Grüße, and nobody else can read this.\n";
const ALICE = { email: "alice@example.test" };

for (const profile of ["compatible", "modern", "post-quantum"]) {
    test(`what is encrypted for a ${profile} key is decrypted: at once, with armor, from a stream and from a Blob`, async () => {
        const { key } = await postseal.SecretKey.generate(ALICE.email, { profile });
        const keyring = new postseal.Keyring([key]);
        const certificates = await small.Certificate.importAll(await key.certificate.exportArmored());
        assert.equal(certificates[0].fingerprint, key.fingerprint);
        // Some parts of a packet long.
        const data = noise(200_001);
        const blob = new Blob([data]);
        const seen = [];
        const streamed = blob.stream().pipeThrough(small.encryptStream({ certificates }));
        const spooled = await small.encryptBlob(blob, { certificates, onProgress: (done) => seen.push(done) });
        const messages = [
            await small.encrypt(data, { certificates }),
            await small.encrypt(data, { certificates, armored: true }),
            await bytesOf(new Response(streamed)),
            await bytesOf(spooled.file),
        ];
        await spooled.discard();
        for (const message of messages) {
            assert.deepEqual((await postseal.decrypt(message, { keyring })).data, data);
        }
        assert.equal(seen.at(-1), data.length);
    });
}

for (const [name, made] of Object.entries({
    "RSA": { type: "rsa", rsaBits: 2048 },
    "NIST P-256": { type: "ecc", curve: "nistP256" },
    "NIST P-384": { type: "ecc", curve: "nistP384" },
    "NIST P-521": { type: "ecc", curve: "nistP521" },
    "Curve25519": { type: "ecc", curve: "curve25519Legacy" },
    "X448": { type: "curve448", config: { v6Keys: true } },
})) {
    test(`what is encrypted for a key of OpenPGP.js, ${name}, is read by it`, async () => {
        const { privateKey } = await openpgp.generateKey({ userIDs: [ALICE], format: "object", ...made });
        const certificates = await small.Certificate.importAll(privateKey.toPublic().write());
        const binaryMessage = await small.encrypt(LETTER, { certificates });
        const message = await openpgp.readMessage({ binaryMessage });
        assert.equal((await openpgp.decrypt({ message, decryptionKeys: privateKey })).data, LETTER);
    });
}

test("what is encrypted with a passphrase is read by OpenPGP.js and by ours, in either format", async () => {
    const { key } = await postseal.SecretKey.generate(ALICE.email, { profile: "modern" });
    const certificates = await small.Certificate.importAll(key.certificate.export());
    const passphrases = ["correct horse battery staple"];
    for (const options of [{ passphrases }, { passphrases, certificates }]) {
        const binaryMessage = await small.encrypt(LETTER, options);
        const message = await openpgp.readMessage({ binaryMessage });
        assert.equal((await openpgp.decrypt({ message, passwords: passphrases })).data, LETTER);
        const { data, encryption } = await postseal.decrypt(binaryMessage, { passphrases });
        assert.equal(textOf(data), LETTER);
        assert.equal(encryption.aead, options.certificates && "OCB");
        await assert.rejects(postseal.decrypt(binaryMessage, { passphrases: ["another"] }), { code: "wrong-passphrase" });
    }
});

test("what is sealed is opened by everyone it is for, also where a domain is not ASCII", async () => {
    const owners = ["alice@bücher.example", "bob@xn--bcher-kva.example", "carol@example.test"];
    const keys = await Promise.all(owners.map(async (owner) => (await postseal.SecretKey.generate(owner)).key));
    const certificates = (await Promise.all(keys.map((key) => small.Certificate.importAll(key.certificate.export())))).flat();
    const draft = {
        from: "alice@xn--bcher-kva.example",
        to: ["Bob <bob@BÜCHER.example>"],
        bcc: ["carol@example.test"],
        subject: "Grüße",
        text: LETTER,
        attachments: [
            { fileName: "größe.bin", mediaType: "application/octet-stream", data: noise(5000) },
            new File(["Hi."], "hi.txt", { type: "text/plain" }),
        ],
    };
    const sealed = await small.seal(draft, certificates, { encryptToSelf: true });
    assert.equal(sealed.copies.length, 2);
    const [toBob, toCarol] = sealed.copies.map((copy) => copy.bytes);
    for (const [bytes, readers, others] of [[toBob, [keys[0], keys[1]], [keys[2]]], [toCarol, [keys[2]], [keys[1]]]]) {
        for (const key of readers) {
            const { verdict, message } = await postseal.open(bytes, new postseal.Keyring([key]));
            assert.deepEqual([verdict.level, message.subject, message.textBody.text], ["encrypted", "Grüße", LETTER]);
            assert.deepEqual(message.attachments.map(({ fileName }) => fileName), ["größe.bin", "hi.txt"]);
        }
        for (const key of others) {
            await assert.rejects(postseal.open(bytes, new postseal.Keyring([key])), { code: "key-missing" });
        }
    }
    await assert.rejects(small.seal({ ...draft, Bcc: [] }, certificates), { code: "invalid-input", field: "Bcc" });
    const alone = small.seal({ ...draft, to: ["bob@bücher.test"] }, certificates);
    await assert.rejects(alone, (error) => error.code === "key-missing" && error.missing[0].address === "bob@bücher.test");
});

test("what can't be used is told from what can, and the module works on", async () => {
    await assert.rejects(small.Certificate.importAll(bytesFrom("nothing")), { name: "PostsealError", code: "malformed" });
    await assert.rejects(small.encrypt(LETTER, {}), { code: "invalid-input" });
    const past = new Date("2020-01-01T00:00:00Z");
    const { key, revocation } = await postseal.SecretKey.generate(ALICE.email);
    const [early] = await small.Certificate.importAll(key.certificate.export(), { now: past });
    assert.equal(early.canEncrypt, false);
    await assert.rejects(small.encrypt(LETTER, { certificates: [early], now: past }), { code: "key-missing" });
    const revoked = await key.certificate.revoke(revocation);
    const [gone] = await small.Certificate.importAll(revoked.export());
    assert.match(gone.unusable, /revoked/);
    await assert.rejects(small.encrypt(LETTER, { certificates: [gone] }), { code: "key-missing" });
    // A secret key is read as its certificate.
    const [own] = await small.Certificate.importAll(key.dangerousExportUnprotected());
    assert.deepEqual(own.export(), key.certificate.export());
    assert.ok((await small.encrypt(LETTER, { certificates: [own] })).length > LETTER.length);
});

async function bytesOf(source) {
    return new Uint8Array(await source.arrayBuffer());
}
