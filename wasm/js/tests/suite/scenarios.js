/** The scenarios of tests/vectors/scenarios.json, as far as they need no server (scenarios.json beside this folder says which do, and why). */

import { bytesFrom, check, failure, noise, same, textOf } from "./check.js";

const ALICE = "alice@example.test";
const BOB = "bob@example.test";

/** A keyring with the keys of both. */
async function everyone({ SecretKey, Keyring }, profile) {
    const keys = await Promise.all([ALICE, BOB].map((owner) => SecretKey.generate(owner, { profile })));
    return new Keyring(await Promise.all(keys.map(({ key }) => key.unlockUnprotected())));
}

function toBob(fields) {
    return { from: ALICE, to: [BOB], ...fields };
}

export const scenarios = {
    async fetch_and_open({ postseal }, { given, expect }) {
        const keyring = await everyone(postseal, given.profile);
        const draft = { from: ALICE, to: given.to, subject: given.subject, text: given.text };
        const sealed = await postseal.seal(draft, keyring);
        const [copy] = sealed.copies;
        same(copy.envelope, { from: ALICE, to: given.to });
        const opened = await postseal.open(copy.bytes, keyring);
        same(opened.message.subject, given.subject);
        same(opened.message.textBody?.text, given.text);
        const outer = await postseal.parseMessage(copy.bytes);
        expect({
            level: opened.verdict.level,
            reasons: opened.verdict.reasons,
            outer_subject: outer.subject,
        });
    },

    async tampered_message({ postseal }, { given, expect }) {
        const keyring = await everyone(postseal, given.profile);
        const sealed = await postseal.seal(toBob({ text: given.text }), keyring);
        const lines = textOf(sealed.copies[0].bytes).split("\r\n");
        const first = lines.indexOf("-----BEGIN PGP MESSAGE-----");
        const last = lines.indexOf("-----END PGP MESSAGE-----");
        const middle = Math.floor((first + last) / 2);
        lines[middle] = (lines[middle][0] === "A" ? "B" : "A") + lines[middle].slice(1);
        const error = await failure(postseal.open(bytesFrom(lines.join("\r\n")), keyring));
        check(error instanceof postseal.PostsealError, "the error is of the package");
        // The module works on after it.
        const opened = await postseal.open(sealed.copies[0].bytes, keyring);
        same(opened.verdict.level, "sealed");
        expect({ code: error.code });
    },

    async wrong_passphrase({ postseal }, { given, expect }) {
        const { passphrase, wrong, profile } = given;
        const { key } = await postseal.SecretKey.generate(ALICE, { passphrase, profile });
        const error = await failure(key.unlock(wrong));
        for (const secret of [passphrase, wrong]) {
            check(!`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes(secret), "the error is silent");
        }
        await (await key.unlock(passphrase)).free();
        expect({ code: error.code });
    },

    async cancel_before_start({ postseal }, { expect }) {
        const keyring = await everyone(postseal);
        const signal = AbortSignal.abort();
        const error = await failure(postseal.seal(toBob({ text: "Never." }), keyring, { signal }));
        same(error.name, "AbortError");
        const sealed = await postseal.seal(toBob({ text: "Now." }), keyring);
        same(sealed.copies.length, 1);
        expect({ code: error.code });
    },

    /** In the thread of the page nothing can be stopped but what goes piece by piece. */
    async cancel_in_the_middle({ postseal }, { expect }) {
        const keyring = await everyone(postseal);
        const certificates = await keyring.certificates();
        const blob = new Blob([noise(16 * 1024 * 1024)]);
        const controller = new AbortController();
        const { signal } = controller;
        const onProgress = () => controller.abort();
        const started = performance.now();
        const error = await failure(postseal.encryptBlob(blob, { certificates, signal, onProgress }));
        const took = performance.now() - started;
        const sealed = await postseal.seal(toBob({ text: "Still here." }), keyring);
        same((await postseal.open(sealed.copies[0].bytes, keyring)).verdict.level, "sealed");
        expect({ code: error.code, ends_within_millis: (most) => took < most });
    },

    async close_twice({ postseal }) {
        const { key } = await postseal.SecretKey.generate(ALICE);
        const unlocked = await key.unlockUnprotected();
        await Promise.all([unlocked.free(), unlocked.free()]);
        await unlocked.free();
        check(unlocked.isFreed, "it is closed");
    },

    async use_after_close({ postseal }, { expect }) {
        const { key } = await postseal.SecretKey.generate(ALICE);
        const unlocked = await key.unlockUnprotected();
        await unlocked.free();
        const error = await failure(postseal.signDetached("text", unlocked));
        expect({ code: error.code });
    },

    async attachment_of_25_mb_by_path({ postseal }, { given, expect }) {
        const keyring = await everyone(postseal, given.profile);
        const file = new File([noise(given.bytes)], given.file_name);
        const sealed = await postseal.seal(toBob({ text: "Attached.", attachments: [file] }), keyring);
        const opened = await postseal.open(sealed.copies[0].bytes, keyring);
        const [attachment] = opened.message.attachments;
        const same = attachment.data.every((byte, at) => at % 4096 || byte === noiseAt[at / 4096]);
        check(same, "the file is what it was");
        expect({
            level: opened.verdict.level,
            file_name: attachment.fileName,
            bytes: attachment.data.length,
        });
    },

    /** A keyring takes the place of the session. */
    async concurrent_use_of_one_session({ postseal }, { given }) {
        const keyring = await everyone(postseal);
        const sealed = await postseal.seal(toBob({ text: "To everyone at once." }), keyring);
        const opening = Array.from({ length: given.calls }, () => postseal.open(sealed.copies[0].bytes, keyring));
        const levels = (await Promise.all(opening)).map((opened) => opened.verdict.level);
        same(levels, Array(given.calls).fill("sealed"));
    },
};

/** Every 4096th byte of the noise. */
const noiseAt = noise(25 * 1024 * 1024).filter((_, at) => at % 4096 === 0);
