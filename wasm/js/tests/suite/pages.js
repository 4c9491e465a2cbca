/** What only a page has: a place to store, rules for what may run. */

import { check, failure, noise, same, textOf } from "./check.js";

const ALICE = "alice@example.test";

export const pages = {
    async the_key_store_remembers_and_finds_changes({ postseal }) {
        const { KeyStore, SecretKey } = postseal;
        const name = `test-${crypto.randomUUID()}`;
        const { key } = await SecretKey.generate(ALICE, { passphrase: "correct horse" });
        const { key: bob } = await SecretKey.generate("bob@example.test");
        const store = await KeyStore.open(name);
        await store.put(key);
        await store.put(bob);
        await store.put(bob.certificate);

        // A key file of somebody else's, of the same fingerprint, takes no place, and what was revoked stays so.
        same((await failure(store.put(key))).code, "already-exists");
        const { key: eve, revocation } = await SecretKey.generate("eve@example.test");
        await store.put(await eve.certificate.revoke(revocation));
        await store.put(eve.certificate);
        const [kept] = await (await store.keyring()).byHandle(eve.fingerprint);
        check(kept.isRevoked, "it is still revoked");
        await store.delete(eve.fingerprint);
        const renewed = await (await key.unlock("correct horse")).lock("battery staple");
        await store.put(renewed, { replace: true });
        same((await failure((await store.secretKey(key.fingerprint)).unlock("correct horse"))).code, "wrong-passphrase");
        await store.put(key, { replace: true });
        store.close();

        const again = await KeyStore.open(name);
        same((await again.list()).length, 3);
        const found = await again.secretKey(key.fingerprint);
        await (await found.unlock("correct horse")).free();
        const keyring = await again.keyring();
        same(await keyring.unlockedKeys(), [bob.fingerprint]);
        same(await keyring.lockedKeys(), [key.fingerprint]);

        // What is in the database is of no use elsewhere.
        const rows = await all(name, "keys");
        check(!rows.some((row) => textOf(new Uint8Array(row.wrapped)).includes(ALICE)), "it is wrapped");
        const [wrapping] = await all(name, "wrapping");
        same(wrapping.extractable, false);
        same((await failure(crypto.subtle.exportKey("raw", wrapping))).name, "InvalidAccessError");

        // Neither can it be changed: here, bob's key is filed as alice's.
        const secret = (fingerprint) => rows.find((row) => row.isSecret && row.fingerprint === fingerprint);
        await put(name, { ...secret(bob.fingerprint), name: `secret key ${key.fingerprint}`, fingerprint: key.fingerprint });
        same((await failure(again.secretKey(key.fingerprint))).code, "tampered");

        check(await again.delete(bob.fingerprint), "it is deleted");
        check(!(await again.delete(bob.fingerprint)), "and gone");
        const other = await KeyStore.open(name);
        check(!(await other.delete(bob.fingerprint.toLowerCase())), "and gone there, too");
        same((await failure(other.put(await bob.unlockUnprotected()))).code, "invalid-input");
        again.close();
        same((await failure(again.list())).code, "closed");
        // Though one of them is open still.
        await KeyStore.delete(name);
        same((await failure(other.list())).code, "closed");
    },

    /** The page that runs this forbids it: what follows from there is that the package does without. */
    async it_works_where_no_text_may_become_code() {
        same((await failure(new Promise(() => new Function("return 1")()))).name, "EvalError");
    },
};

/** What only a page has where it has threads, too. */
export const threadsOfPages = {
    async what_is_too_large_for_memory_waits_in_a_file({ postseal }) {
        const { key } = await postseal.SecretKey.generate(ALICE);
        const keyring = new postseal.Keyring([key]);
        // A thread that another test ended lets go of its file soon.
        for (let tries = 0; tries < 60 && (await waiting()).length > 0; tries++) {
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        same(await waiting(), []);
        const encrypted = await postseal.encryptBlob(new Blob([new Uint8Array(3_000_000)]), { certificates: [key.certificate] });
        const { file } = encrypted;
        const decrypted = await postseal.decryptBlob(file, { keyring });
        same(decrypted.file.size, 3_000_000);
        same((await waiting()).length, 2);
        await decrypted.discard();
        const cut = await failure(postseal.decryptBlob(file.slice(0, file.size - 1), { keyring }));
        same(cut.code, "tampered");
        same((await waiting()).length, 1, "what is not proven is gone");
        await encrypted.discard();
        same(await waiting(), []);
    },

    async what_other_pages_have_left_behind_is_deleted_and_what_they_use_is_not({ postseal }) {
        const { key } = await postseal.SecretKey.generate(ALICE);
        const folder = await navigator.storage.getDirectory();
        // As they name and lock them.
        for (const name of ["postseal-left", "postseal-used", "another's"]) {
            await folder.getFileHandle(name, { create: true });
        }
        await navigator.locks.request("postseal-used", async () => {
            const made = await postseal.encryptBlob(new Blob(["data"]), { certificates: [key.certificate] });
            const found = await waiting();
            same(found.filter((name) => /left|used|another/.test(name)).sort(), ["another's", "postseal-used"]);
            same(found.length, 3);
            await made.discard();
        });
        const again = await postseal.encryptBlob(new Blob(["data"]), { certificates: [key.certificate] });
        await again.discard();
        same(await waiting(), ["another's"]);
        await folder.removeEntry("another's");
    },

    async what_is_cancelled_leaves_no_file({ postseal }) {
        const { key } = await postseal.SecretKey.generate(ALICE);
        // A browser may take two seconds to end a thread that is busy, so there has to be more to do than that.
        const piece = new Uint8Array(4 * 1024 * 1024);
        const blob = new Blob(Array.from({ length: 64 }, () => piece));
        const controller = new AbortController();
        const onProgress = (done) => done > piece.length && controller.abort();
        const options = { certificates: [key.certificate], signal: controller.signal, onProgress };
        same((await failure(postseal.encryptBlob(blob, options))).code, "cancelled");
        for (let tries = 0; tries < 100 && (await waiting()).length > 0; tries++) {
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        same(await waiting(), []);
    },

    /** Whoever runs this looks at how much memory it takes. */
    async a_file_of_200_mb({ postseal }) {
        const { key } = await postseal.SecretKey.generate(ALICE);
        const keyring = new postseal.Keyring([key]);
        const piece = noise(2 * 1024 * 1024);
        const file = await onDisk("large.bin", 100, (at) => {
            // Each piece begins with its number.
            piece[0] = at;
            return piece;
        });
        const signWith = await key.unlockUnprotected();
        const encrypted = await postseal.encryptBlob(file, { certificates: [key.certificate], signWith });
        const decrypted = await postseal.decryptBlob(encrypted.file, { keyring });
        same(decrypted.file.size, 200 * 1024 * 1024);
        same(decrypted.signatures[0].status.kind, "good");
        for (let at = 0; at < 100; at++) {
            const begin = at * piece.length;
            const bytes = new Uint8Array(await decrypted.file.slice(begin, begin + piece.length).arrayBuffer());
            check(bytes[0] === at && bytes.every((byte, i) => i === 0 || byte === piece[i]), `piece ${at} is the same`);
        }
        await Promise.all([decrypted.discard(), encrypted.discard()]);
        await (await navigator.storage.getDirectory()).removeEntry("large.bin");
    },
};

/** A file that is not in memory, as one that a person chose. */
async function onDisk(name, count, piece) {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
    const writable = await handle.createWritable();
    for (let at = 0; at < count; at++) {
        await writable.write(piece(at));
    }
    await writable.close();
    return handle.getFile();
}

/** The files of the origin-private file system. */
async function waiting() {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) {
        names.push(name);
    }
    return names;
}

function settled(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

async function within(name, mode, rows, act) {
    const database = await settled(indexedDB.open(name));
    try {
        return await settled(act(database.transaction(rows, mode).objectStore(rows)));
    } finally {
        database.close();
    }
}

function all(name, rows) {
    return within(name, "readonly", rows, (store) => store.getAll());
}

function put(name, row) {
    return within(name, "readwrite", "keys", (store) => store.put(row));
}
