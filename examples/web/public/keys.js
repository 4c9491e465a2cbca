/** The keys that the page remembers, and those that are unlocked while it is open. */

import { Certificate, Keyring, KeyStore, SecretKey } from "./postseal/worker/index.js";

const dialog = document.querySelector("#unlock");
const store = await KeyStore.open("postseal-example");
const unlocked = new Map();

/** Everything at hand, as a keyring. */
export async function keyring() {
    const keyring = await store.keyring();
    return keyring.add(...unlocked.values());
}

/** Remembers all keys and certificates in what was pasted or dropped. */
export async function remember(data) {
    const bytes = typeof data === "string" ? data : new Uint8Array(await data.arrayBuffer());
    const keys = await SecretKey.importAll(bytes).catch((error) => {
        if (error.code === "key-missing") {
            return [];
        }
        throw error;
    });
    const found = keys.length > 0 ? keys : await Certificate.importAll(bytes);
    for (const item of found) {
        await store.put(item);
    }
    return found.length;
}

/** Makes a key and remembers it; its revocation certificate is handed out. */
export async function make(owner, passphrase, profile) {
    const { key, revocation } = await SecretKey.generate(owner, { passphrase, profile });
    await store.put(key);
    return { key, revocation };
}

export async function forget(fingerprint) {
    unlocked.get(fingerprint)?.free();
    unlocked.delete(fingerprint);
    await store.delete(fingerprint);
}

/** What the page knows: each certificate, with whether there is a secret key, and whether it is unlocked. */
export async function known() {
    const secret = new Set((await store.list()).filter((item) => item.isSecret).map((item) => item.fingerprint));
    const ring = await keyring();
    return (await ring.certificates()).map((certificate) => ({
        certificate,
        isSecret: secret.has(certificate.fingerprint),
        isUnlocked: unlocked.has(certificate.fingerprint),
    }));
}

/** Sees to it that one of the keys is ready, and asks for its passphrase. Returns whether it is. */
export async function unlock(fingerprints) {
    for (const fingerprint of fingerprints) {
        if (unlocked.has(fingerprint)) {
            return true;
        }
        const key = await store.secretKey(fingerprint);
        const passphrase = key && (await asked(key.certificate.userIds[0]?.text ?? fingerprint));
        if (passphrase) {
            unlocked.set(fingerprint, await key.unlock(passphrase));
            return true;
        }
    }
    return false;
}

/** Asks for a passphrase; nothing where the person does not want to give it. */
function asked(whose) {
    dialog.querySelector("#unlock-for").textContent = `The key of ${whose} is locked.`;
    const input = dialog.querySelector("input");
    input.value = "";
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener(
            "close",
            () => {
                resolve(dialog.returnValue === "unlock" ? input.value : undefined);
                input.value = "";
            },
            { once: true },
        );
    });
}
