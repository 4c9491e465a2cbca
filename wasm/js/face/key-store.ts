import { checkSignal, PostsealError } from "../lib/errors.js";
import { Certificate } from "./certificate.js";
import { checkOptions, fingerprintOf, needed, type Options } from "./input.js";
import { Keyring } from "./keyring.js";
import { SecretKey } from "./secret-key.js";

/** A key in a store, as far as it can be told without opening it. */
export interface StoredKey {
    /** The fingerprint of the primary key. */
    readonly fingerprint: string;
    /** Whether it is a secret key; else it is a certificate. */
    readonly isSecret: boolean;
}

/** How to store. */
export interface PutOptions extends Options {
    /** Whether a secret key takes the place of the one of its fingerprint. */
    readonly replace?: boolean | undefined;
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

    /**
     * Stores a key or a certificate. A certificate that is there already gets what this one knows beside it. A secret key without a
     * passphrase is stored so, too.
     *
     * @throws PostsealError `already-exists` for a secret key whose place is taken: whoever stores it with another passphrase says `replace`.
     * `tampered` where somebody has changed the certificate that is there
     */
    async put(item: SecretKey | Certificate, options: PutOptions = {}): Promise<void> {
        checkOptions(options, "replace");
        checkSignal(options.signal);
        if (item instanceof SecretKey) {
            return this.#putSecretKey(item, options.replace === true);
        }
        return this.#putCertificate(needed(item, Certificate, "item"), options);
    }

    async #putSecretKey(key: SecretKey, replaces: boolean): Promise<void> {
        const bytes = key.dangerousExportUnprotected();
        const row = await this.#wrapped({ fingerprint: key.fingerprint, isSecret: true }, bytes);
        const transaction = this.#begin("readwrite");
        const rows = transaction.objectStore(KEYS);
        replaces ? rows.put(row) : rows.add(row);
        try {
            await committed(transaction);
        } catch (error) {
            throw transaction.error?.name === "ConstraintError"
                ? new PostsealError("already-exists", `there is a secret key ${key.fingerprint} already`, { keys: [key.fingerprint] })
                : error;
        }
    }

    async #putCertificate(certificate: Certificate, options: Options): Promise<void> {
        const name = nameOf({ fingerprint: certificate.fingerprint, isSecret: false });
        for (;;) {
            const known = await this.#row(name);
            const merged = known ? await (await this.#certificate(known)).merge(certificate, options) : certificate;
            const row = await this.#wrapped({ fingerprint: certificate.fingerprint, isSecret: false }, merged.export());
            const transaction = this.#begin("readwrite");
            const rows = transaction.objectStore(KEYS);
            // Another page may have stored one in the meantime.
            const isTurn = same(await settled<Row | undefined>(rows.get(name)), known);
            if (isTurn) {
                rows.put(row);
            }
            await committed(transaction);
            if (isTurn) {
                return;
            }
        }
    }

    /** What is stored, of which the bytes are wiped. */
    async #wrapped(key: StoredKey, bytes: Uint8Array): Promise<Row> {
        const name = nameOf(key);
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const wrapped = await crypto.subtle.encrypt(parametersOf(name, iv), this.#wrapping, bytes as Uint8Array<ArrayBuffer>);
        bytes.fill(0);
        return { name, ...key, iv, wrapped };
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
        const row = await this.#row(nameOf({ fingerprint: fingerprintOf(fingerprint), isSecret: true }));
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

    async #row(name: string): Promise<Row | undefined> {
        return settled(this.#begin("readonly").objectStore(KEYS).get(name));
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
            return checked(row, await SecretKey.importAll(bytes));
        } finally {
            bytes.fill(0);
        }
    }

    async #certificate(row: Row): Promise<Certificate> {
        return checked(row, await Certificate.importAll(await this.#unwrapped(row)));
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

/** Whether a row is as it was. */
function same(one: Row | undefined, other: Row | undefined): boolean {
    return one?.iv.join() === other?.iv.join();
}

function checked<T extends { readonly fingerprint: string }>(row: StoredKey, items: T[]): T {
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
        // It follows whatever has failed, and knows what that was.
        transaction.onabort = () => reject(failed(transaction.error));
    });
}

function failed(error: DOMException | null): PostsealError {
    return new PostsealError("file", `the browser stores nothing: ${error?.message ?? "there is no place, or it was given up"}`, {}, { cause: error });
}
