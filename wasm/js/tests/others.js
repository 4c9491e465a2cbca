/** The core, built for this machine, GnuPG and OpenPGP.js, which read what a page has sealed. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import * as openpgp from "openpgp";

import * as postseal from "../dist/face/index.js";

const server = process.env.POSTSEAL_TEST_SERVER;
export const program = server && join(dirname(server), "postseal-core");
export const hasCore = Boolean(program) && existsSync(program);
export const hasOthers = hasCore && spawnSync("gpg", ["--version"]).status === 0;
if (!hasOthers && process.env.CI === "true") {
    throw new Error("the core's program is not built, or GnuPG is not installed");
}

export const TEXT = "Grüße, and nobody else can read this.\n";
const [ALICE, BOB] = ["Alice <alice@example.test>", "Bob <bob@example.test>"];

/** The armored message in the text of a sealed one. */
export function armoredIn(text) {
    const end = "-----END PGP MESSAGE-----";
    return text.slice(text.indexOf("-----BEGIN PGP MESSAGE-----"), text.indexOf(end) + end.length + 2);
}

/** Alice, who has a page, and Bob, who has all the others. */
export class Others {
    #folder = mkdtempSync(join(tmpdir(), "postseal-"));
    #alice;
    #bob;

    static async make() {
        const made = new Others();
        [made.#alice, made.#bob] = await Promise.all(
            // What GnuPG 2.2 has, too.
            [ALICE, BOB].map(async (owner) => (await postseal.SecretKey.generate(owner, { profile: "compatible" })).key),
        );
        return made;
    }

    /** Alice's key, what she seals, and what Bob has sealed for her with the core. Browsers are given lists. */
    forPage() {
        return {
            secret: [...this.#alice.dangerousExportUnprotected()],
            certificate: [...this.#bob.certificate.export()],
            draft: { from: ALICE, to: [BOB], subject: "From a page", text: TEXT },
            message: this.#core("seal", TEXT).toString(),
        };
    }

    /** Reads a message with each of them. */
    async read(sealed) {
        assert.equal(this.#core("open", sealed).toString(), `sealed\nFrom a page\n${TEXT}`);
        const armored = armoredIn(sealed);

        const home = join(this.#folder, "gnupg");
        mkdirSync(home, { mode: 0o700 });
        const gpg = (args, input) =>
            execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--trust-model", "always", ...args], { input, stdio: "pipe" });
        try {
            gpg(["--import"], this.#bob.dangerousExportUnprotected());
            gpg(["--import"], this.#alice.certificate.export());
            const status = gpg(["--status-fd", "1", "--decrypt"], armored).toString();
            assert.match(status, /^\[GNUPG:\] GOODSIG /m);
            assert.match(status, /Subject: From a page/);
        } finally {
            spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]);
        }

        const [theirs, ours] = await Promise.all([
            openpgp.readPrivateKey({ binaryKey: this.#bob.dangerousExportUnprotected() }),
            openpgp.readKey({ binaryKey: this.#alice.certificate.export() }),
        ]);
        const message = await openpgp.readMessage({ armoredMessage: armored });
        const { data, signatures } = await openpgp.decrypt({ message, decryptionKeys: theirs, verificationKeys: ours });
        assert.ok(await signatures[0].verified);
        assert.match(data, /Subject: From a page/);
    }

    close() {
        rmSync(this.#folder, { recursive: true, force: true });
    }

    #core(command, input) {
        const [secret, certificate] = ["secret", "certificate"].map((name) => join(this.#folder, name));
        writeFileSync(secret, this.#bob.dangerousExportUnprotected());
        writeFileSync(certificate, this.#alice.certificate.export());
        return execFileSync(program, [command, secret, certificate], { input });
    }
}
