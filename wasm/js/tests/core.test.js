/** What is made here is read by the core, built for this machine, and the other way round. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import * as postseal from "../dist/face/index.js";
import { TEXT, hasCore, program } from "./others.js";
import { bytesFrom, noise, textOf } from "./suite/check.js";

const skip = hasCore ? false : "the core's program is not built: cargo xtask bindings javascript does";

const folder = mkdtempSync(join(tmpdir(), "postseal-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A key as both have it: ours is ready for use, the core's is a file. */
async function keyOf(owner, profile) {
    const { key } = await postseal.SecretKey.generate(owner, { profile });
    const [secret, certificate] = ["key", "certificate"].map((kind) => join(folder, `${owner.split(" ")[0]}.${profile}.${kind}`));
    writeFileSync(secret, key.dangerousExportUnprotected());
    writeFileSync(certificate, key.certificate.export());
    return { key: await key.unlockUnprotected(), secret, certificate };
}

for (const profile of ["compatible", "modern", "post-quantum"]) {
    test(`the core reads what is made here with ${profile} keys, and the other way round`, { skip }, async () => {
        const [alice, bob] = [await keyOf("Alice <alice@example.test>", profile), await keyOf("Bob <bob@example.test>", profile)];
        const core = (command, input) =>
            new Uint8Array(execFileSync(program, [command, bob.secret, alice.certificate], { input, maxBuffer: 1 << 26 }));
        const keyring = new postseal.Keyring([alice.key, bob.key.certificate]);

        const draft = { from: "Alice <alice@example.test>", to: ["Bob <bob@example.test>"], subject: "From here", text: TEXT };
        const sealed = await postseal.seal(draft, keyring);
        assert.equal(textOf(core("open", sealed.copies[0].bytes)), `sealed\nFrom here\n${TEXT}`);
        const opened = await postseal.open(core("seal", bytesFrom(TEXT)), keyring);
        assert.deepEqual(
            [opened.verdict.level, opened.message.subject, opened.message.textBody.text],
            ["sealed", "From the core", TEXT],
        );

        // Of more than one piece and one chunk.
        const data = noise(5_000_000);
        const options = { certificates: [bob.key.certificate], signWith: alice.key };
        const whole = await postseal.encrypt(data, options);
        const pieces = await new Response(new Blob([data]).stream().pipeThrough(postseal.encryptStream(options))).arrayBuffer();
        for (const message of [whole, new Uint8Array(pieces)]) {
            assert.deepEqual(core("decrypt", message), data);
        }
        const theirs = core("encrypt", data);
        const { data: read, signatures } = await postseal.decrypt(theirs, { keyring });
        assert.deepEqual(read, data);
        assert.deepEqual(signatures.map(({ status }) => status.kind ?? status), ["good"]);
        const spooled = await postseal.decryptBlob(new Blob([theirs]), { keyring });
        assert.deepEqual(new Uint8Array(await spooled.file.arrayBuffer()), data);
    });
}
