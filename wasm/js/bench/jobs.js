/** The same work by Postseal and by OpenPGP.js, side by side: each job is a pair, with the least that ours has to reach. */

const KILOBYTE = new Uint8Array(1024).fill(65);

/** Bytes that can't be compressed. */
function noise(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65_536) {
        crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    return bytes;
}

/** One key for both, in their ways. */
async function keys(postseal, openpgp, profile) {
    const { key } = await postseal.SecretKey.generate("alice@example.test", { profile });
    const ours = await key.unlockUnprotected();
    const theirs = await openpgp.readPrivateKey({ binaryKey: key.dangerousExportUnprotected() });
    return { ours, theirs, keyring: new postseal.Keyring([ours]) };
}

/** What each of them does with data and a key. */
function pair(postseal, openpgp, { ours, theirs, keyring }, isSigned, config) {
    const signing = isSigned ? { signingKeys: theirs } : {};
    return {
        encryptOurs: (data) =>
            postseal.encrypt(data, { certificates: [ours.certificate], ...(isSigned && { signWith: ours }) }),
        encryptTheirs: async (data) =>
            openpgp.encrypt({ message: await openpgp.createMessage({ binary: data }), encryptionKeys: theirs, ...signing, format: "binary", config }),
        decryptOurs: (message) => postseal.decrypt(message, { keyring, maxBytes: 1 << 26 }),
        decryptTheirs: async (message) => {
            const read = await openpgp.readMessage({ binaryMessage: message });
            const result = await openpgp.decrypt({ message: read, decryptionKeys: theirs, verificationKeys: theirs, format: "binary", config });
            if (isSigned) {
                await result.signatures[0].verified;
            }
            return result;
        },
    };
}

/**
 * The jobs: a name, ours and theirs as functions of what they are given, how often they run in a round, the least of the ratio, and what
 * makes what each of those times is given. No letter is opened twice by one of them: our core remembers which signatures it has verified.
 */
export async function jobs(postseal, openpgp, size = 20_000_000) {
    const modern = await keys(postseal, openpgp, "modern");
    const compatible = await keys(postseal, openpgp, "compatible");
    const small = pair(postseal, openpgp, modern, true, { aeadProtect: true });
    const ocb = pair(postseal, openpgp, modern, false, { aeadProtect: true });
    const mdc = pair(postseal, openpgp, compatible, false, { aeadProtect: false });
    const data = noise(size);
    const [large, old] = [await ocb.encryptOurs(data), await mdc.encryptOurs(data)];
    // A key of OpenPGP.js prefers the mode that its maker likes, and a message to a passphrase has that of its writer.
    const config = { aeadProtect: true, v6Keys: true, preferredAEADAlgorithm: openpgp.enums.aead.gcm };
    const made = await openpgp.generateKey({ type: "curve25519", userIDs: [{ email: "alice@example.test" }], format: "object", config });
    const [inOurs] = await postseal.SecretKey.importAll(made.privateKey.write());
    const keyring = new postseal.Keyring([await inOurs.unlockUnprotected()]);
    const passwords = ["a passphrase"];
    const gcm = async (to) => openpgp.encrypt({ message: await openpgp.createMessage({ binary: data }), ...to, format: "binary", config });
    const [toKey, toPassphrase] = [await gcm({ encryptionKeys: made.publicKey }), await gcm({ passwords })];
    const decryptGcm = (message, ours, theirs) => [
        () => postseal.decrypt(message, { ...ours, maxBytes: 1 << 26 }),
        async () => openpgp.decrypt({ message: await openpgp.readMessage({ binaryMessage: message }), ...theirs, format: "binary" }),
        1,
        0.5,
    ];
    // What is measured is what it is called.
    const { encryption } = await postseal.decrypt(toKey, { keyring, maxBytes: 1 << 26 });
    if (encryption.aead !== "GCM") {
        throw new Error(`the message is not in GCM, but in ${encryption.aead}`);
    }
    const title = `${size / 1e6} MB`;
    return [
        ["1 KB sign + encrypt", () => small.encryptOurs(KILOBYTE), () => small.encryptTheirs(KILOBYTE), 200, 4],
        ["1 KB decrypt + verify", small.decryptOurs, small.decryptTheirs, 200, 4, () => small.encryptTheirs(KILOBYTE)],
        [`${title}, v6 and OCB, encrypt`, () => ocb.encryptOurs(data), () => ocb.encryptTheirs(data), 1, 8],
        [`${title}, v6 and OCB, decrypt`, () => ocb.decryptOurs(large), () => ocb.decryptTheirs(large), 1, 8],
        [`${title}, v4 and SEIPDv1, encrypt`, () => mdc.encryptOurs(data), () => mdc.encryptTheirs(data), 1, 0.5],
        [`${title}, v4 and SEIPDv1, decrypt`, () => mdc.decryptOurs(old), () => mdc.decryptTheirs(old), 1, 0.5],
        [`${title}, GCM, decrypt`, ...decryptGcm(toKey, { keyring }, { decryptionKeys: made.privateKey })],
        [`${title}, GCM and a passphrase, decrypt`, ...decryptGcm(toPassphrase, { passphrases: passwords }, { passwords })],
        [
            "key generation",
            () => postseal.SecretKey.generate("alice@example.test", { profile: "modern" }),
            // With a subkey to sign with and one to encrypt to, as ours.
            () => openpgp.generateKey({ type: "curve25519", userIDs: [{ email: "alice@example.test" }], subkeys: [{ sign: true }, {}], format: "object", config: { v6Keys: true } }),
            100,
            1,
        ],
    ].map(([name, ours, theirs, times, least, make]) => ({ name, ours, theirs, times, least, make }));
}

/** Runs every job in turn, round after round, the first of which does not count; the medians, in milliseconds, and their ratio. */
export async function measure(all, rounds) {
    const rows = [];
    for (const { name, ours, theirs, times, least, make = () => undefined } of all) {
        const taken = { ours: [], theirs: [] };
        for (let round = 0; round <= rounds; round++) {
            const given = [];
            for (let time = 0; time < times; time++) {
                given.push(await make());
            }
            for (const [who, act] of [["ours", ours], ["theirs", theirs]]) {
                const begun = performance.now();
                for (const input of given) {
                    await act(input);
                }
                if (round > 0) {
                    taken[who].push((performance.now() - begun) / times);
                }
            }
        }
        const [ourTime, theirTime] = [median(taken.ours), median(taken.theirs)];
        rows.push({ name, ours: ourTime, theirs: theirTime, ratio: theirTime / ourTime, least });
    }
    return rows;
}

function median(times) {
    const sorted = [...times].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
}

/** A table for people. */
export function table(rows) {
    const line = ({ name, ours, theirs, ratio, least }) =>
        `| ${name} | ${ours.toFixed(1)} | ${theirs.toFixed(1)} | ${ratio.toFixed(2)} | ${least} | ${ratio >= least ? "yes" : "no"} |`;
    return ["| job | Postseal, ms | OpenPGP.js, ms | times as fast | at least | reached |", "|---|---|---|---|---|---|", ...rows.map(line)].join("\n");
}
