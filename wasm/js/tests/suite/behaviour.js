/** What the package promises beside the scenarios. */

import { bytesFrom, check, failure, noise, same, textOf } from "./check.js";

const ALICE = "alice@example.test";
/** What is said of whatever was changed, and nothing more: more would help whoever changes it. */
const TAMPERED = "the encrypted data was changed or is incomplete";

async function unlocked({ SecretKey }, profile, owner = ALICE) {
    const { key } = await SecretKey.generate(owner, { profile });
    return key.unlockUnprotected();
}

/** The armored text with one letter in its middle changed. */
function damaged(armored) {
    const lines = armored.split("\n");
    const middle = Math.floor(lines.length / 2);
    lines[middle] = (lines[middle][0] === "A" ? "B" : "A") + lines[middle].slice(1);
    return lines.join("\n");
}

export const behaviour = {
    async every_profile_makes_keys_that_work({ postseal }) {
        for (const [profile, version] of [
            ["compatible", 4],
            ["modern", 6],
            ["post-quantum", 6],
        ]) {
            const { key, revocation } = await postseal.SecretKey.generate(`Alice <${ALICE}>`, { profile });
            const { certificate } = key;
            same([certificate.version, certificate.userIds[0].name, certificate.canEncrypt], [version, "Alice", true]);
            check(certificate.created instanceof Date && certificate.expires === undefined, "times are dates");
            check((await certificate.revoke(revocation)).isRevoked, "the revocation revokes it");
            const [again] = await postseal.Certificate.importAll(await certificate.exportArmored());
            same(again.fingerprint, certificate.fingerprint);
            check(await again.speaksFor(ALICE.toUpperCase()), "it speaks for its address");
            same(certificate.algorithms.includes("ML-KEM-768+X25519"), profile === "post-quantum");
            const keyring = new postseal.Keyring([key]);
            const sealed = await postseal.seal({ from: ALICE, to: [ALICE], text: "Hello." }, keyring);
            same((await postseal.open(sealed.copies[0].bytes, keyring)).verdict.level, "sealed", profile);
        }
    },

    async keys_are_locked_exported_and_imported({ postseal }) {
        const alice = await unlocked(postseal);
        const locked = await alice.lock("correct horse");
        check(locked.isProtected, "it is locked");
        const [again] = await postseal.SecretKey.importAll(await locked.exportArmored());
        const signer = await again.unlock("correct horse");
        const { key } = await postseal.SecretKey.generate(ALICE);
        same((await failure(key.exportArmored())).code, "invalid-input");
        const signature = await postseal.signDetached("text", signer, { armored: true });
        const [result] = await postseal.verifyDetached("text", signature, new postseal.Keyring([alice.certificate]));
        same([result.status.kind, result.status.certificate], ["good", alice.fingerprint]);
        const [forged] = await postseal.verifyDetached("test", signature, new postseal.Keyring([alice.certificate]));
        same(forged.status, { kind: "bad", reason: "mismatch" });
    },

    async signed_texts_and_data_are_verified({ postseal }) {
        const alice = await unlocked(postseal, "compatible");
        const keyring = new postseal.Keyring([alice.certificate]);
        const texts = [await postseal.signCleartext("Grüße\n", alice), await postseal.signInline("Grüße\n", alice, { armored: true })];
        for (const text of texts) {
            const { data, signatures } = await postseal.verifyInline(text, keyring);
            same(textOf(data).trim(), "Grüße");
            same(signatures[0].status.kind, "good");
        }
        const stranger = await postseal.verifyInline(texts[0], new postseal.Keyring());
        same(stranger.signatures[0].status, { kind: "unknown-signer" });
    },

    async data_is_encrypted_to_keys_and_passphrases_and_signed({ postseal }) {
        const [alice, bob] = [await unlocked(postseal), await unlocked(postseal, "compatible", "bob@example.test")];
        const options = { certificates: [bob.certificate], passphrases: ["battery staple"], signWith: alice };
        const encrypted = await postseal.encrypt("secret", { ...options, armored: true });
        const keyring = new postseal.Keyring([bob, alice.certificate]);
        for (const reading of [{ keyring }, { passphrases: [bytesFrom("battery staple")] }]) {
            const { data, signatures } = await postseal.decrypt(encrypted, reading);
            same(textOf(data), "secret");
            same(signatures[0].status.kind, reading.keyring ? "good" : "unknown-signer");
        }
        const nobody = await failure(postseal.encrypt("secret", {}));
        same([nobody.code, nobody.field], ["invalid-input", "recipients"]);
    },

    /** What is long goes another way than what is short, by ciphers of the platform's: it comes to the same. */
    async long_data_of_the_compatible_profile_is_encrypted_and_decrypted({ postseal }) {
        const [alice, bob] = [await unlocked(postseal, "compatible"), await unlocked(postseal, "modern", "bob@example.test")];
        const keyring = new postseal.Keyring([alice, bob.certificate]);
        const options = { certificates: [alice.certificate], passphrases: ["battery staple"], signWith: bob };
        for (const length of [262_143, 262_144, 300_001, 1_000_014]) {
            const data = noise(length);
            const message = await postseal.encrypt(data, options);
            const text = await postseal.encrypt(data, { ...options, armored: true });
            const piped = new Blob([data]).stream().pipeThrough(postseal.encryptStream(options));
            const inPieces = new Uint8Array(await new Response(piped).arrayBuffer());
            for (const [made, reading] of [
                [message, { keyring }],
                [text, { keyring }],
                [inPieces, { keyring }],
                [message, { passphrases: ["battery staple"] }],
            ]) {
                const { data: read, encryption, signatures } = await postseal.decrypt(made, reading);
                check(read.length === length && read.every((byte, at) => byte === data[at]), "it is the same");
                same([encryption.cipher, encryption.aead], ["AES-256", undefined]);
                same(signatures.map(({ status }) => status.kind), [reading.keyring ? "good" : "unknown-signer"]);
            }
            const spooled = await postseal.decryptBlob(new Blob([message]), { keyring });
            check((await spooled.file.arrayBuffer()).byteLength === length, "the other way reads it");
            await spooled.discard();
        }
    },

    async no_change_of_long_data_goes_unnoticed({ postseal, openpgp: load }) {
        const openpgp = await load();
        const alice = await unlocked(postseal, "compatible");
        const keyring = new postseal.Keyring([alice]);
        const data = noise(1_000_000);
        const inGcm = async (octet) =>
            openpgp.encrypt({
                message: await openpgp.createMessage({ binary: data }),
                passwords: ["battery staple"],
                format: "binary",
                config: { aeadProtect: true, preferredAEADAlgorithm: openpgp.enums.aead.gcm, aeadChunkSizeByte: octet },
            });
        for (const [message, reading, aead] of [
            [await postseal.encrypt(data, { certificates: [alice.certificate] }), { keyring }, undefined],
            // Chunks of 64 KiB, of 16 KiB, and such as are for the module itself.
            [await inGcm(10), { passphrases: ["battery staple"] }, "GCM"],
            [await inGcm(8), { passphrases: ["battery staple"] }, "GCM"],
            [await inGcm(6), { passphrases: ["battery staple"] }, "GCM"],
        ]) {
            const { data: read, encryption } = await postseal.decrypt(message, reading);
            check(read.length === data.length && read.every((byte, at) => byte === data[at]), "it is the same");
            same(encryption.aead, aead);
            const changed = (at) => message.map((byte, index) => (index === at ? byte ^ 1 : byte));
            const { length } = message;
            for (const wrong of [changed(length - 1), changed(length - 20), changed(length >> 1), message.slice(0, -1), message.slice(0, -70_000)]) {
                const error = await failure(postseal.decrypt(wrong, reading));
                same([error.code, error.message], ["tampered", TAMPERED]);
            }
            same((await failure(postseal.decrypt(message, { ...reading, maxBytes: 999_999 }))).code, "limit-exceeded");
        }
        // Cut within a chunk, of which less than its tag is left, or its tag alone.
        const inChunks = await inGcm(8);
        const header = 2 + inChunks[1];
        const whole = await bodyOf(inChunks, header + 1);
        for (const rest of [1, 5, 15, 16, 17]) {
            const body = whole.slice(0, 36 + 32 * (16_384 + 16) + rest + 16);
            const cut = new Uint8Array([...inChunks.slice(0, header + 1), 0xff, 0, 0, 0, 0, ...body]);
            new DataView(cut.buffer).setUint32(header + 2, body.length);
            const error = await failure(postseal.decrypt(cut, { passphrases: ["battery staple"] }));
            same([error.code, error.message], ["tampered", TAMPERED], `cut with ${rest} bytes of a chunk`);
        }
        const wrong = await failure(postseal.decrypt(await inGcm(10), { passphrases: ["a guess"] }));
        same(wrong.code, "wrong-passphrase");
    },

    async streams_and_blobs_go_piece_by_piece({ postseal }) {
        const alice = await unlocked(postseal);
        const keyring = new postseal.Keyring([alice]);
        const content = noise(9_000_000);
        const certificates = [alice.certificate];
        const told = [];
        const onProgress = (done, of) => told.push([done, of]);
        const encrypted = await postseal.encryptBlob(new Blob([content]), { certificates, signWith: alice, onProgress });
        const { file } = encrypted;
        same(told.at(-1), [content.length, content.length]);
        check(told.length > 2, "there is progress");
        const piped = new Blob([content]).stream().pipeThrough(postseal.encryptStream({ certificates }));
        for (const decrypted of [
            await postseal.decryptBlob(file, { keyring, onProgress }),
            await postseal.decryptStream(piped, { keyring }),
        ]) {
            const bytes = new Uint8Array(await decrypted.file.arrayBuffer());
            check(bytes.length === content.length && bytes.every((byte, at) => byte === content[at]), "it is the same");
            await decrypted.discard();
        }
        same(told.at(-1), [file.size, file.size]);
        const cut = await failure(postseal.decryptBlob(file.slice(0, file.size - 100), { keyring }));
        same(cut.code, "tampered");
        await encrypted.discard();
    },

    async whoever_is_told_of_progress_and_fails_ends_the_work({ postseal }) {
        const alice = await unlocked(postseal);
        const mine = new Error("mine");
        const onProgress = () => {
            throw mine;
        };
        const options = { certificates: [alice.certificate], onProgress };
        const blob = new Blob([noise(9_000_000)]);
        check((await failure(postseal.encryptBlob(blob, options))) === mine, "it is mine");
        const { file, discard } = await postseal.encryptBlob(blob, { ...options, onProgress: undefined });
        const decrypting = postseal.decryptBlob(file, { keyring: new postseal.Keyring([alice]), onProgress });
        check((await failure(decrypting)) === mine, "it is mine, too");
        await discard();
    },

    async a_passphrase_that_protects_nothing_is_refused({ postseal }) {
        const { encrypt, SecretKey } = postseal;
        const alice = await unlocked(postseal);
        // Half of a character: any other half would do in its place.
        const half = "🔑".slice(0, 1);
        for (const passphrase of ["", new Uint8Array(), half]) {
            for (const attempt of [
                () => SecretKey.generate("alice@example.test", { passphrase }),
                () => alice.lock(passphrase),
                () => encrypt("text", { passphrases: [passphrase] }),
                () => encrypt("text", { certificates: [alice.certificate], passphrases: ["secret", passphrase] }),
            ]) {
                same((await failure(attempt())).code, "invalid-input");
            }
        }
    },

    async a_stream_is_read_no_longer_than_it_may({ postseal }) {
        const keyring = new postseal.Keyring([]);
        const endless = () => {
            let [pulled, isCancelled] = [0, false];
            const stream = new ReadableStream({
                pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) ?? void pulled++,
                cancel: () => void (isCancelled = true),
            });
            return { stream, pulled: () => pulled, isCancelled: () => isCancelled };
        };
        const long = endless();
        same((await failure(postseal.decryptStream(long.stream, { keyring, maxBytes: 1000 }))).code, "limit-exceeded");
        check(long.pulled() < 40 && long.isCancelled(), "it was let go of early");
        const stalled = new ReadableStream({});
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 50);
        same((await failure(postseal.decryptStream(stalled, { keyring, signal: controller.signal }))).code, "cancelled");
        const aborted = endless();
        same((await failure(postseal.decryptStream(aborted.stream, { keyring, signal: AbortSignal.abort() }))).code, "cancelled");
        const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("no network")) });
        same((await failure(postseal.decryptStream(broken, { keyring }))).message, "no network");
        for (const wrong of [null, "text", new ReadableStream({ pull: (controller) => controller.enqueue("text") })]) {
            const error = await failure(postseal.decryptStream(wrong, { keyring }));
            same([error.code, error.field], ["invalid-input", "stream"]);
        }
    },

    async whatever_is_wrong_has_a_code_and_the_module_works_on({ postseal }) {
        const alice = await unlocked(postseal);
        const keyring = new postseal.Keyring([alice]);
        const encrypted = await postseal.encrypt("secret".repeat(100), { certificates: [alice.certificate], armored: true });
        const draft = { from: ALICE, to: ["carol@example.test"], text: "Hello." };
        const wrong = [
            [() => postseal.Certificate.importAll("nothing"), { code: "malformed" }],
            [() => postseal.SecretKey.importAll(alice.certificate.export()), { code: "key-missing" }],
            [() => postseal.decrypt(damaged(encrypted), { keyring }), { code: "tampered" }],
            [() => postseal.decrypt(encrypted, {}), { code: "key-missing", takesPassphrase: false }],
            [() => postseal.decrypt(encrypted, { keyring, maxBytes: 10 }), { code: "limit-exceeded", limit: 10 }],
            [() => postseal.decrypt("nothing", { keyring }), { code: "malformed" }],
            [() => postseal.seal(draft, keyring), { code: "key-missing", missing: [{ address: "carol@example.test" }] }],
            [() => postseal.seal({ ...draft, to: ["a@b\r\nBcc: c@d"] }, keyring), { code: "invalid-input", field: "to" }],
            [() => postseal.seal({ ...draft, subject: "a\r\nBcc: c@d" }, keyring), { code: "invalid-input", field: "subject" }],
            [() => postseal.seal({ ...draft, date: "today" }, keyring), { code: "invalid-input", field: "date" }],
            [() => postseal.seal({}, keyring), { code: "invalid-input", field: "from" }],
            [() => postseal.seal({ ...draft, to: [] }, keyring), { code: "invalid-input", field: "to" }],
            [() => postseal.encrypt(42, {}), { code: "invalid-input", field: "data" }],
            [() => postseal.SecretKey.generate("nobody"), { code: "invalid-input", field: "owner" }],
            [() => keyring.byHandle("xyz"), { code: "invalid-input", field: "handle" }],
        ];
        for (const [act, expected] of wrong) {
            const error = await failure(act());
            check(error instanceof postseal.PostsealError, `it is an error of the package: ${error}`);
            const facts = Object.fromEntries(Object.keys(expected).map((name) => [name, error[name]]));
            same(facts, expected);
        }
        const { data } = await postseal.decrypt(encrypted, { keyring });
        same(data.length, 600);
    },

    async a_keyring_follows_what_is_added_removed_and_freed({ postseal }) {
        const [alice, bob] = [await unlocked(postseal), await unlocked(postseal, "compatible", "bob@example.test")];
        const keyring = new postseal.Keyring([alice, bob.certificate]);
        const names = async () => (await keyring.certificates()).map((certificate) => certificate.fingerprint).sort();
        same(await names(), [alice.fingerprint, bob.fingerprint].sort());
        same(await keyring.unlockedKeys(), [alice.fingerprint]);
        same((await keyring.encryptionCertificate("bob@example.test"))?.fingerprint, bob.fingerprint);
        same((await keyring.byAddress(ALICE)).length, 1);
        check(keyring.remove(bob.fingerprint) && !keyring.remove(bob.fingerprint), "it is removed once");
        same(await names(), [alice.fingerprint]);
        const signer = await keyring.signingKey(ALICE);
        await alice.free();
        same(await keyring.unlockedKeys(), []);
        same(await names(), [alice.fingerprint]);
        same((await failure(postseal.seal({ from: ALICE, to: [ALICE], text: "x" }, keyring))).code, "key-missing");
        check((await postseal.signDetached("text", signer)).length > 0, "the other handle still signs");
    },

    async charsets_are_decoded({ postseal }) {
        const samples = [
            ["utf-8", [0xc3, 0xbc, 0xe2, 0x82, 0xac], "ü€"],
            ["ibm866", [0x8f, 0xe0, 0xa8], "При"],
            ["iso-8859-2", [0xb1, 0xb3], "ął"],
            ["iso-8859-15", [0xa4], "€"],
            ["koi8-r", [0xf0, 0xd2, 0xc9], "При"],
            ["macintosh", [0x87, 0x8e], "áé"],
            ["windows-1251", [0xcf, 0xf0, 0xe8], "При"],
            ["windows-1252", [0x80, 0xfc], "€ü"],
            ["us-ascii", [0x80, 0xfc], "€ü"],
            ["gbk", [0xc4, 0xe3, 0xba, 0xc3], "你好"],
            ["gb18030", [0xc4, 0xe3, 0x81, 0x30, 0x81, 0x30], "你\u0080"],
            ["big5", [0xa7, 0x41, 0xa6, 0x6e], "你好"],
            ["euc-jp", [0xa5, 0xcf, 0xa5, 0xed], "ハロ"],
            ["iso-2022-jp", [0x1b, 0x24, 0x42, 0x25, 0x4f, 0x25, 0x6d, 0x1b, 0x28, 0x42], "ハロ"],
            ["shift_jis", [0x83, 0x6e, 0x83, 0x8d], "ハロ"],
            ["euc-kr", [0xbe, 0xc8, 0xb3, 0xe7], "안녕"],
            ["utf-16le", [0xcf, 0x30, 0xed, 0x30], "ハロ"],
            ["utf-8", [0xff, 0xfe, 0xcf, 0x30], "ハ"],
        ];
        for (const [charset, bytes, text] of samples) {
            const header = bytesFrom(`Content-Type: text/plain; charset=${charset}\r\n\r\n`);
            const message = await postseal.parseMessage(new Uint8Array([...header, ...bytes]));
            same(message.textBody?.text, text, charset);
            same(message.textBody?.isFaulty, charset === "us-ascii", charset);
        }
        const retired = await postseal.parseMessage("Content-Type: text/plain; charset=iso-2022-kr\r\n\r\na\x1b$)C");
        same(retired.textBody, { text: "a\ufffd$)C", charset: "iso-2022-kr", isFaulty: true });
        const words = await postseal.parseMessage("Subject: =?gb2312?B?xOO6ww==?= =?utf-8?Q?_=C3=BC?=\r\n\r\n");
        same(words.subject, "你好 ü");
    },

    async domains_are_those_of_the_dns({ postseal }) {
        for (const [one, other] of [
            ["BÜCHER.example", "xn--bcher-kva.example"],
            ["bücher。example", "bücher.example"],
            ["faß.example", "xn--fa-hia.example"],
            ["日本語.example", "xn--wgv71a119e.example"],
            ["XN--BCHER-KVA.Example", "bücher.example"],
            ["EXAMPLE.test", "example.test"],
        ]) {
            const { key } = await postseal.SecretKey.generate(`alice@${one}`);
            check(await key.certificate.speaksFor(`alice@${other}`), `${one} is ${other}`);
            check(!(await key.certificate.speaksFor("alice@example.org")), `${one} is no other`);
        }
        // Nothing of a URL but its host.
        for (const domain of ["bü%63her.example", "bü／cher.example", "bü？.example", "bü＠example.test", "１２７.0.0.1", "xn--.example", "bü..example", "ü:80", "ü\\b.example"]) {
            const error = await failure(postseal.SecretKey.generate(`alice@${domain}`));
            same([error.code, error.field], ["invalid-input", "owner"], domain);
        }
    },

    async what_no_draft_has_is_an_error({ postseal }) {
        const keyring = new postseal.Keyring([await unlocked(postseal)]);
        const draft = { from: ALICE, to: [ALICE], text: "Hi.", subject: undefined };
        await postseal.seal(draft, keyring);
        for (const [more, field, message] of [
            [{ Bcc: [ALICE] }, "Bcc", "invalid Bcc: there is no field Bcc"],
            [{ attachments: [{ filename: "a", data: bytesFrom("a") }] }, "attachments", "invalid attachments: there is no field filename"],
            [{ inline: [{ cid: "a", data: bytesFrom("a") }] }, "inline", "invalid inline: there is no field cid"],
        ]) {
            const error = await failure(postseal.seal({ ...draft, ...more }, keyring));
            same([error.code, error.field, error.message], ["invalid-input", field, message]);
        }
    },

    /** In JavaScript anybody can give anything; what was taken for something else would be encrypted to somebody else, or not signed. */
    async what_is_given_and_is_something_else_is_refused_by_its_name({ postseal }) {
        const { SecretKey, Keyring, encrypt, encryptBlob, encryptStream, decrypt, seal, open, signDetached } = postseal;
        const alice = await unlocked(postseal);
        const { key: bob } = await SecretKey.generate("bob@example.test");
        const [keyring, certificates] = [new Keyring([alice, bob]), [bob.certificate]];
        const draft = { from: ALICE, to: ["bob@example.test"], text: "Hi." };
        const cyclic = { address: ALICE };
        cyclic.self = cyclic;
        const given = new Uint8Array(8);
        structuredClone(given.buffer, { transfer: [given.buffer] });
        const written = async (piece) => {
            const { readable, writable } = encryptStream({ certificates });
            write(writable, piece).catch(() => {});
            const reader = readable.getReader();
            while (!(await reader.read()).done);
        };
        for (const [field, attempt] of [
            ["certificates", () => encrypt("text", { certificates: [bob] })],
            ["certificates", () => encrypt("text", { certificates: [alice] })],
            ["certificates", () => encrypt("text", { certificates: bob.certificate })],
            ["certificates", () => encrypt("text", { certificates: [{ ...bob.certificate, reference: bob.certificate.reference }] })],
            ["signWith", () => encrypt("text", { certificates, signWith: bob.unlockUnprotected() })],
            ["signWith", () => encrypt("text", { certificates, signWith: bob })],
            ["signWith", () => encrypt("text", { certificates, signWith: true })],
            ["signwith", () => encrypt("text", { certificates, signwith: alice })],
            ["signWith", () => encryptBlob(new Blob(["text"]), { certificates, signWith: bob })],
            ["armored", () => encrypt("text", { certificates, armored: "yes" })],
            ["passphrases", () => encrypt("text", { passphrases: "secret" })],
            ["passphrases", () => encrypt("text", { passphrases: [["secret"]] })],
            ["passphrases", () => encrypt("text", { passphrases: [new Uint16Array(4)] })],
            ["options", () => encrypt("text")],
            ["data", () => encrypt(5, { certificates })],
            ["data", () => encrypt(given, { certificates })],
            ["blob", () => encryptBlob("text", { certificates })],
            ["blob", () => encryptBlob(given, { certificates })],
            ["data", () => written("text")],
            ["data", () => written(new ArrayBuffer(4))],
            ["now", () => encrypt("text", { certificates, now: Date.now() })],
            ["signal", () => encrypt("text", { certificates, signal: new AbortController() })],
            ["onProgress", () => encryptBlob(new Blob(["text"]), { certificates, onProgress: true })],
            ["keyring", () => decrypt("text", { keyring: [bob] })],
            ["maxBytes", () => decrypt("text", { keyring, maxBytes: Number.NaN })],
            ["maxBytes", () => decrypt("text", { keyring, maxBytes: -1 })],
            ["keyring", () => open("text", [bob])],
            ["keyring", () => seal(draft, certificates)],
            ["draft", () => seal(null, keyring)],
            ["to", () => seal({ ...draft, to: "bob@example.test" }, keyring)],
            ["to", () => seal({ ...draft, to: [cyclic] }, keyring)],
            ["from", () => seal({ ...draft, from: { address: ALICE, nam: "A" } }, keyring)],
            ["headers", () => seal({ ...draft, headers: [{ name: "X-A", value: "b", z: 1 }] }, keyring)],
            ["text", () => seal({ ...draft, text: () => "Hi." }, keyring)],
            ["attachments", () => seal({ ...draft, attachments: [null] }, keyring)],
            ["attachments", () => seal({ ...draft, attachments: [{ data: "text" }] }, keyring)],
            ["encryptToSelf", () => seal(draft, keyring, { encryptToSelf: "no" })],
            ["protection", () => seal(draft, keyring, { protection: "none" })],
            ["key", () => signDetached("text", bob)],
            ["key", () => postseal.signCleartext("text", undefined)],
            ["text", () => postseal.signCleartext(5, alice)],
            ["keyring", async () => new Keyring([undefined])],
            ["keyring", async () => new Keyring([bob.unlockUnprotected()])],
            ["keyring", async () => keyring.add([bob.certificate])],
            ["address", () => keyring.byAddress(5)],
            ["address", () => keyring.signingKey(undefined)],
            ["handle", () => keyring.byHandle(bob.certificate)],
            ["address", () => bob.certificate.speaksFor({})],
            ["other", () => bob.certificate.merge(bob)],
            ["now", () => bob.certificate.at()],
            ["maxMemory", () => bob.unlock("secret", { maxMemory: -1 })],
            ["passphrase", () => bob.unlock(undefined)],
            ["passphrase", () => alice.lock(5)],
            ["owner", () => SecretKey.generate({ address: ALICE, nmae: "Alice" })],
            ["profile", () => SecretKey.generate(ALICE, { profile: "toString" })],
        ]) {
            const error = await failure(Promise.resolve().then(attempt));
            same([error.name, error.code, error.field], ["PostsealError", "invalid-input", field], String(attempt));
        }
        // Nothing of it has cost a key, and each certificate is still itself.
        const made = await encrypt("text", { certificates, signWith: alice });
        const { data, signatures } = await decrypt(made, { keyring });
        same([textOf(data), signatures[0].status.kind], ["text", "good"]);
        same((await failure(decrypt(made, { keyring: new Keyring([alice]) }))).code, "key-missing");
    },

    async what_is_done_with_something_after_a_call_changes_nothing({ postseal }) {
        const { encrypt, decrypt, signDetached, verifyDetached, SecretKey, Certificate, Keyring } = postseal;
        const alice = await unlocked(postseal);
        const keyring = new Keyring([alice]);
        /** Calls, and overwrites what was given. */
        const wiping = (given, call) => {
            const promise = call(given);
            given.forEach((bytes) => bytes.fill(0));
            return promise;
        };
        const [data, passphrase] = [bytesFrom("text"), bytesFrom("secret")];
        const made = await wiping([data, passphrase], () => encrypt(data, { passphrases: [passphrase] }));
        const again = bytesFrom("secret");
        const read = await wiping([made, again], () => decrypt(made, { passphrases: [again] }));
        same(textOf(read.data), "text");
        const signed = bytesFrom("text");
        const signature = await wiping([signed], () => signDetached(signed, alice));
        const [other, its] = [bytesFrom("text"), signature.slice()];
        const [result] = await wiping([other, its], () => verifyDetached(other, its, keyring));
        same(result.status.kind, "good");
        const { key } = await SecretKey.generate(ALICE);
        const bytes = key.dangerousExportUnprotected();
        const [imported] = await wiping([bytes], () => SecretKey.importAll(bytes));
        same(imported.fingerprint, key.fingerprint);
        // And what a certificate says is what it says to everyone.
        const { certificate } = key;
        for (const change of [() => (certificate.userIds.length = 0), () => (certificate.userIds[0].address = "bob@example.test")]) {
            same((await failure(Promise.resolve().then(change))).name, "TypeError");
        }
        certificate.created.setTime(0);
        check(certificate.created.getTime() > 0 && certificate.userIds[0].address === ALICE, "it is the same");
        check((await Certificate.importAll(certificate.export())).length === 1, "and can be used");
    },

    async time_is_a_parameter({ postseal }) {
        const past = new Date("2020-02-03T04:05:06Z");
        const { key } = await postseal.SecretKey.generate(ALICE, { now: past });
        same(key.certificate.created, past);
        const before = await key.certificate.at(new Date("2019-01-01T00:00:00Z"));
        check(before.unusable !== undefined, "it can't be used before it was made");
        const error = await failure(postseal.SecretKey.generate(ALICE, { now: new Date(Number.NaN) }));
        same([error.code, error.field], ["invalid-input", "now"]);
    },
};

/** What threads promise beside that. */
export const threads = {
    /** In the thread of the page what is under way comes to its end first. */
    async a_signal_stops_what_is_under_way_and_keys_stay({ postseal }) {
        const alice = await unlocked(postseal);
        const options = { certificates: [alice.certificate], signWith: alice };
        await postseal.encrypt("to begin with", options);
        const data = noise(64 * 1024 * 1024);
        const controller = new AbortController();
        const started = performance.now();
        const stopped = failure(postseal.encrypt(data, { ...options, signal: controller.signal }));
        const beside = postseal.encrypt("beside it", options);
        setTimeout(() => controller.abort(new Error("enough")), 30);
        const error = await stopped;
        same([error.name, error.code, error.cause?.message], ["AbortError", "cancelled", "enough"]);
        check(performance.now() - started < 1000, "it ends at once");
        check((await beside).length > 0, "what was beside it goes on");
        // The thread is another one, and gets the key once more.
        check((await postseal.encrypt("after it", options)).length > 0, "the key is still there");
    },
};

async function write(writable, piece) {
    const writer = writable.getWriter();
    await writer.write(piece);
    await writer.close();
}

/** The body of a packet whose length begins there, in parts or not (RFC 9580, section 4.2.1). */
async function bodyOf(message, at) {
    const parts = [];
    for (let isLast = false; !isLast; ) {
        const first = message[at];
        isLast = first < 224 || first === 255;
        const [header, length] =
            first < 192
                ? [1, first]
                : first < 224
                  ? [2, (first - 192) * 256 + message[at + 1] + 192]
                  : isLast
                    ? [5, new DataView(message.buffer, message.byteOffset).getUint32(at + 1)]
                    : [1, 2 ** (first & 31)];
        parts.push(message.slice(at + header, at + header + length));
        at += header + length;
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
}
