import { invalid, PostsealError } from "../lib/errors.js";
import { Certificate } from "./certificate.js";
import { fingerprintOf } from "./input.js";
import { Keyring } from "./keyring.js";
import { SecretKey } from "./secret-key.js";

/** A key in a store, as far as it can be told without opening it. */
export interface StoredKey {
    /** The fingerprint of the primary key. */
    readonly fingerprint: string;
    /** Whether it is a secret key; else it is a certificate. */
    readonly isSecret: boolean;
}

interface Row extends StoredKey {
    /** What it is known by, and bound to: a change of either is found. */
    readonly name: string;
    readonly iv: Uint8Array<ArrayBuffer>;
    readonly wrapped: ArrayBuffer;
}

const KEYS = "keys";
const WRAPPING = "wrapping";

/**
 * Keys and certificates that a page remembers, in IndexedDB.
 *
 * Each of them is wrapped (AES-256-GCM) by a key that the browser never hands out, not even to this page: a copy of the database that a script
 * makes is of no use elsewhere, and nobody can change what is in it. What a store can't do: keep a script *in* the page from using the
 * keys, or protect them from whoever can read the disk as the user. For that, keep secret keys locked with a passphrase.
 */
export class KeyStore {
    readonly #database: IDBDatabase;
    readonly #wrapping: CryptoKey;

    private constructor(database: IDBDatabase, wrapping: CryptoKey) {
        this.#database = database;
        this.#wrapping = wrapping;
    }

    /**
     * Opens a store, or makes it.
     *
     * @throws PostsealError `file` where the browser gives no place to store, as in some private windows
     */
    static async open(name = "postseal"): Promise<KeyStore> {
        const request = databases().open(name, 1);
        request.onupgradeneeded = () => {
            request.result.createObjectStore(KEYS, { keyPath: "name" });
            request.result.createObjectStore(WRAPPING);
        };
        const database = await settled(request);
        // Whoever deletes it would wait for all that have it open.
        database.onversionchange = () => database.close();
        if (![KEYS, WRAPPING].every((store) => database.objectStoreNames.contains(store))) {
            database.close();
            throw new PostsealError("file", `the database ${name} is of something else`);
        }
        const algorithm = { name: "AES-GCM", length: 256 };
        const made = await crypto.subtle.generateKey(algorithm, false, ["encrypt", "decrypt"]);
        // Of two pages that open it at the same time, one has the first word.
        const transaction = database.transaction(WRAPPING, "readwrite");
        const rows = transaction.objectStore(WRAPPING);
        const known: CryptoKey | undefined = await settled(rows.get(0));
        if (!known) {
            await settled(rows.add(made, 0));
        }
        await committed(transaction);
        return new KeyStore(database, known ?? made);
    }

    /** Deletes a store with all that is in it. */
    static async delete(name = "postseal"): Promise<void> {
        await settled(databases().deleteDatabase(name));
    }

    /** Stores a key or a certificate, in the place of the one of its fingerprint. A secret key without a passphrase is stored so, too. */
    async put(item: SecretKey | Certificate): Promise<void> {
        const isSecret = item instanceof SecretKey;
        if (!isSecret && !(item instanceof Certificate)) {
            throw invalid("item", "neither a secret key nor a certificate");
        }
        const bytes = (isSecret ? item.dangerousExportUnprotected() : item.export()) as Uint8Array<ArrayBuffer>;
        const { fingerprint } = item;
        const name = nameOf({ fingerprint, isSecret });
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const wrapped = await crypto.subtle.encrypt(parametersOf(name, iv), this.#wrapping, bytes);
        bytes.fill(0);
        const transaction = this.#begin("readwrite");
        transaction.objectStore(KEYS).put({ name, fingerprint, isSecret, iv, wrapped } satisfies Row);
        await committed(transaction);
    }

    /** What there is. */
    async list(): Promise<StoredKey[]> {
        return (await this.#rows()).map(({ fingerprint, isSecret }) => ({ fingerprint, isSecret }));
    }

    /**
     * The secret key of a fingerprint, where there is one.
     *
     * @throws PostsealError `tampered` where somebody has changed it
     */
    async secretKey(fingerprint: string): Promise<SecretKey | undefined> {
        const name = fingerprintOf(fingerprint);
        const row = (await this.#rows()).find((row) => row.isSecret && row.fingerprint === name);
        return row && this.#secretKey(row);
    }

    /**
     * All that is stored, as a keyring. Keys that have a passphrase are locked in it.
     *
     * @throws PostsealError `tampered` where somebody has changed something
     */
    async keyring(): Promise<Keyring> {
        const rows = await this.#rows();
        const items = rows.map((row) => (row.isSecret ? this.#secretKey(row) : this.#certificate(row)));
        return new Keyring(await Promise.all(items));
    }

    /** Deletes what has this fingerprint. Returns whether there was anything. */
    async delete(fingerprint: string): Promise<boolean> {
        const name = fingerprintOf(fingerprint);
        const rows = (await this.#rows()).filter((row) => row.fingerprint === name);
        const transaction = this.#begin("readwrite");
        rows.forEach((row) => transaction.objectStore(KEYS).delete(row.name));
        await committed(transaction);
        return rows.length > 0;
    }

    /** Closes the store. */
    close(): void {
        this.#database.close();
    }

    async #rows(): Promise<Row[]> {
        return settled(this.#begin("readonly").objectStore(KEYS).getAll());
    }

    #begin(mode: IDBTransactionMode): IDBTransaction {
        try {
            return this.#database.transaction(KEYS, mode);
        } catch (error) {
            throw new PostsealError("closed", "the store was closed, or deleted", {}, { cause: error });
        }
    }

    async #secretKey(row: Row): Promise<SecretKey> {
        const bytes = await this.#unwrapped(row);
        try {
            return same(row, await SecretKey.importAll(bytes));
        } finally {
            bytes.fill(0);
        }
    }

    async #certificate(row: Row): Promise<Certificate> {
        return same(row, await Certificate.importAll(await this.#unwrapped(row)));
    }

    async #unwrapped(row: Row): Promise<Uint8Array> {
        try {
            return new Uint8Array(await crypto.subtle.decrypt(parametersOf(nameOf(row), row.iv), this.#wrapping, row.wrapped));
        } catch {
            throw changed(row);
        }
    }
}

/** Where the browser stores. */
function databases(): IDBFactory {
    if (typeof indexedDB === "undefined") {
        throw failed(null);
    }
    return indexedDB;
}

function nameOf({ fingerprint, isSecret }: StoredKey): string {
    return `${isSecret ? "secret key" : "certificate"} ${fingerprint}`;
}

function parametersOf(name: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}

function same<T extends { readonly fingerprint: string }>(row: StoredKey, items: T[]): T {
    const [item] = items;
    if (!item || items.length > 1 || item.fingerprint !== row.fingerprint) {
        throw changed(row);
    }
    return item;
}

function changed(row: StoredKey): PostsealError {
    return new PostsealError("tampered", `what is stored as ${row.fingerprint} is not what was put there`);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(failed(request.error));
    });
}

function committed(transaction: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onerror = transaction.onabort = () => reject(failed(transaction.error));
    });
}

function failed(error: DOMException | null): PostsealError {
    return new PostsealError("file", `the browser stores nothing: ${error?.message ?? "there is no place, or it was given up"}`, {}, { cause: error });
}
