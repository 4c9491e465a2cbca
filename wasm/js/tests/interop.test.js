/** What is made here is read by GnuPG and OpenPGP.js, and the other way round. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import * as openpgp from "openpgp";

import * as postseal from "../dist/face/index.js";
import { TEXT, armoredIn } from "./others.js";
import { textOf } from "./suite/check.js";

const ALICE = "Alice <alice@example.test>";
const BOB = "Bob <bob@example.test>";

/** A PGP/MIME message around an armored one (RFC 3156, section 4). */
function around(armored) {
    return [
        "From: bob@example.test",
        "To: alice@example.test",
        "Subject: ...",
        "Date: Thu, 26 Nov 2026 12:00:00 +0000",
        "MIME-Version: 1.0",
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
        "",
        "--b",
        "Content-Type: application/pgp-encrypted",
        "",
        "Version: 1",
        "",
        "--b",
        "Content-Type: application/octet-stream",
        "",
        armored.trim(),
        "",
        "--b--",
        "",
    ].join("\r\n");
}

/** What the others put into it. */
const INNER = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${TEXT.replace("\n", "\r\n")}`;

async function unlocked(owner, profile) {
    const { key } = await postseal.SecretKey.generate(owner, { profile });
    return key.unlockUnprotected();
}

async function exported(key) {
    return (await key.dangerousUnprotected()).dangerousExportUnprotected();
}

for (const profile of ["compatible", "modern"]) {
    test(`OpenPGP.js reads what is sealed here with ${profile} keys, and the other way round`, async () => {
        const [alice, bob] = [await unlocked(ALICE, profile), await unlocked(BOB, profile)];
        const theirs = await openpgp.readPrivateKey({ binaryKey: await exported(bob) });
        const ours = await openpgp.readKey({ binaryKey: alice.certificate.export() });

        const keyring = new postseal.Keyring([alice, bob.certificate]);
        const sealed = await postseal.seal({ from: ALICE, to: [BOB], text: TEXT }, keyring);
        const message = await openpgp.readMessage({ armoredMessage: armoredIn(textOf(sealed.copies[0].bytes)) });
        const read = await openpgp.decrypt({ message, decryptionKeys: theirs, verificationKeys: ours });
        assert.ok(await read.signatures[0].verified);
        const inside = await postseal.parseMessage(read.data);
        assert.equal(inside.textBody.text, TEXT);

        const config = { aeadProtect: profile === "modern" };
        const made = await openpgp.encrypt({
            message: await openpgp.createMessage({ binary: new TextEncoder().encode(INNER) }),
            encryptionKeys: ours,
            signingKeys: theirs,
            config,
        });
        const opened = await postseal.open(around(made), keyring);
        assert.equal(opened.verdict.level, "sealed");
        assert.equal(opened.message.textBody.text, TEXT);
    });
}

test("keys that OpenPGP.js makes are used here", async () => {
    for (const [type, format] of [
        ["ecc", "object"],
        ["curve25519", "object"],
        ["rsa", "object"],
    ]) {
        const { privateKey } = await openpgp.generateKey({ type, format, rsaBits: 2048, userIDs: [{ email: "alice@example.test" }] });
        const [key] = await postseal.SecretKey.importAll(privateKey.write());
        const alice = await key.unlockUnprotected();
        const encrypted = await postseal.encrypt(TEXT, { certificates: [alice.certificate], signWith: alice });
        const message = await openpgp.readMessage({ binaryMessage: encrypted });
        const read = await openpgp.decrypt({ message, decryptionKeys: privateKey, verificationKeys: privateKey, format: "binary" });
        assert.equal(textOf(read.data), TEXT, type);
        assert.ok(await read.signatures[0].verified, type);
    }
});

const hasGpg = spawnSync("gpg", ["--version"]).status === 0;
if (!hasGpg && process.env.CI === "true") {
    throw new Error("GnuPG is not installed");
}

describe("GnuPG", { skip: hasGpg ? false : "GnuPG is not installed" }, () => {
    let home;
    const gpg = (args, input) =>
        execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--trust-model", "always", ...args], { input, stdio: "pipe" });

    before(() => {
        home = mkdtempSync(join(tmpdir(), "postseal-"));
        gpg(["--passphrase", "", "--quick-generate-key", BOB, "default", "default", "never"]);
    });
    after(() => {
        spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]);
        rmSync(home, { recursive: true, force: true });
    });

    test("reads what is sealed here, and the other way round", async () => {
        const alice = await unlocked(ALICE, "compatible");
        const [bob] = await postseal.Certificate.importAll(gpg(["--export", "bob@example.test"]));
        gpg(["--import"], alice.certificate.export());
        const keyring = new postseal.Keyring([alice, bob]);
        const sealed = await postseal.seal({ from: ALICE, to: [BOB], text: TEXT }, keyring);
        const status = join(home, "status");
        const read = gpg(["--status-file", status, "--decrypt"], armoredIn(textOf(sealed.copies[0].bytes)));
        const inside = await postseal.parseMessage(new Uint8Array(read));
        assert.equal(inside.textBody.text, TEXT);

        const made = gpg(["--armor", "--sign", "--encrypt", "--recipient", "alice@example.test"], INNER).toString();
        const opened = await postseal.open(around(made), keyring);
        assert.equal(opened.verdict.level, "sealed");
        assert.equal(opened.message.textBody.text, TEXT);
    });

    test("verifies signatures that are made here, and the other way round", async () => {
        const alice = await unlocked(ALICE, "compatible");
        gpg(["--import"], alice.certificate.export());
        const [data, signature] = [join(home, "data"), join(home, "data.sig")];
        writeFileSync(data, TEXT);
        writeFileSync(signature, await postseal.signDetached(TEXT, alice));
        gpg(["--verify", signature, data]);
        const [bob] = await postseal.Certificate.importAll(gpg(["--export", "bob@example.test"]));
        const theirs = gpg(["--local-user", "bob@example.test", "--detach-sign"], TEXT);
        const [result] = await postseal.verifyDetached(TEXT, new Uint8Array(theirs), new postseal.Keyring([bob]));
        assert.equal(result.status.kind, "good");
    });
});
