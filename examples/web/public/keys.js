/** The keys that the page remembers, and those that are unlocked while it is open. */

import { Certificate, KeyStore, SecretKey } from "./postseal/worker/index.js";
import { answered, inTurn } from "./dialogs.js";

const dialog = document.querySelector("#unlock");
const opening = KeyStore.open("postseal-example");
const unlocked = new Map();
let ring;

/** Everything at hand, as a keyring: the same one until something is stored or forgotten, since to make it takes a while. */
export function keyring() {
    ring ??= read();
    return ring;
}

async function read() {
    try {
        const made = await (await opening).keyring();
        return made.add(...unlocked.values());
    } catch (error) {
        // What is damaged may be forgotten meanwhile.
        ring = undefined;
        throw error;
    }
}

async function put(item) {
    await (await opening).put(item);
    ring = undefined;
}

/** What is in what was pasted and dropped: each certificate once, with its secret key where there is one, and whether that is stored already. */
export async function found(given) {
    const [certificates, secretKeys] = [new Map(), []];
    for (const data of given) {
        for (const certificate of await Certificate.importAll(data)) {
            const other = certificates.get(certificate.fingerprint);
            certificates.set(certificate.fingerprint, other ? await other.merge(certificate) : certificate);
        }
        secretKeys.push(...(await secretKeysIn(data)));
    }
    const stored = await known();
    return [...certificates.values()].map((certificate) => ({
        certificate,
        secretKey: secretKeys.find(({ fingerprint }) => fingerprint === certificate.fingerprint),
        isOurs: stored.some(({ fingerprint, isSecret }) => isSecret && fingerprint === certificate.fingerprint),
    }));
}

async function secretKeysIn(data) {
    try {
        return await SecretKey.importAll(data);
    } catch (error) {
        if (error.code === "key-missing") {
            return [];
        }
        throw error;
    }
}

/**
 * Remembers one of these. A secret key that is stored stays as it is, for another one of its fingerprint may be damaged. A certificate is
 * merged with what is stored of it: its revocation is not lost with an older version.
 */
export async function remember({ certificate, secretKey, isOurs }) {
    if (secretKey && !isOurs) {
        await put(secretKey);
    }
    await put(certificate);
}

/** Makes a key and remembers it; its revocation certificate is handed out. */
export async function make(owner, passphrase, profile) {
    const { key, revocation } = await SecretKey.generate(owner, { passphrase, profile });
    await put(key);
    return { key, revocation };
}

/** The secret key as it is stored, for a backup. */
export async function secretKey(fingerprint) {
    return (await opening).secretKey(fingerprint);
}

export async function forget(fingerprint) {
    unlocked.get(fingerprint)?.free();
    unlocked.delete(fingerprint);
    await (await opening).delete(fingerprint);
    ring = undefined;
}

/** What is stored: fingerprints, and whether there is a secret key. */
export async function known() {
    const stored = await (await opening).list();
    const isSecret = (fingerprint) => stored.some((item) => item.isSecret && item.fingerprint === fingerprint);
    return [...new Set(stored.map((item) => item.fingerprint))].map((fingerprint) => ({ fingerprint, isSecret: isSecret(fingerprint) }));
}

/** Sees to it that one of the keys is ready, and asks for its passphrase. Returns whether it is. */
export function unlock(fingerprints, signal) {
    return inTurn(async () => {
        // Something else that waited for its turn may have unlocked it.
        if (fingerprints.some((fingerprint) => unlocked.has(fingerprint))) {
            return true;
        }
        for (const fingerprint of signal?.aborted ? [] : fingerprints) {
            const key = await secretKey(fingerprint);
            const passphrase = key && (await asked(key.certificate.userIds[0]?.text ?? fingerprint));
            if (passphrase) {
                const ready = await key.unlock(passphrase);
                unlocked.set(fingerprint, ready);
                (await keyring()).add(ready);
                return true;
            }
        }
        return false;
    });
}

/** Asks for a passphrase; nothing where the person does not want to give it. */
async function asked(whose) {
    dialog.querySelector("#unlock-for").textContent = `The key of ${whose} is locked.`;
    const input = dialog.querySelector("input");
    input.value = "";
    const answer = await answered(dialog);
    const passphrase = answer === "unlock" ? input.value : undefined;
    input.value = "";
    return passphrase;
}
