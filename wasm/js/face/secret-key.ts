import type { KeyProfile, MailboxLike } from "../pkg/postseal.js";
import { holding } from "../lib/holding.js";
import type { SecretKeyRecord, SecretKeyRef } from "../lib/operations.js";
import { Certificate } from "./certificate.js";
import { engine } from "./engine.js";
import { mailboxOf } from "./draft.js";
import { type Bytes, bytesOf, checkOptions, type Options, type Passphrase, timeOf, withPassphrases } from "./input.js";

/** How a key is made. */
export interface GenerateOptions extends Options {
    /** Which kind of key; `compatible` where nothing is given. */
    readonly profile?: KeyProfile | undefined;
    /** Locks the secret parts; they are stored in the clear where there is none. */
    readonly passphrase?: Passphrase | undefined;
}

/** A new key, and what revokes it. */
export interface GeneratedKey {
    readonly key: SecretKey;
    /** The revocation certificate with ASCII armor, to be kept apart from the key. */
    readonly revocation: string;
}

/** A secret key as it is stored: with its certificate, and as a rule locked with a passphrase. */
export class SecretKey {
    readonly #bytes: Uint8Array;
    /** Whether all secret parts are locked with a passphrase. */
    readonly isProtected: boolean;
    /** The public part. */
    readonly certificate: Certificate;

    /** @internal */
    constructor(record: SecretKeyRecord) {
        this.#bytes = record.bytes;
        this.isProtected = record.isProtected;
        this.certificate = new Certificate(record.certificate);
    }

    /**
     * Makes a key: a primary key that certifies, a subkey that signs, a subkey that encrypts. It doesn't expire.
     *
     * @param owner whose key it is, such as `Alice <alice@example.org>`
     * @throws PostsealError `invalid-input` where the mailbox is none
     */
    static async generate(owner: MailboxLike, options: GenerateOptions = {}): Promise<GeneratedKey> {
        checkOptions(options, "profile", "passphrase");
        const { profile = "compatible", passphrase } = options;
        const mailbox = mailboxOf(owner, "owner");
        const given = passphrase === undefined ? [] : [passphrase];
        const { key, revocation } = await withPassphrases(given, ([passphrase]) =>
            engine.call("generateKey", [profile, mailbox, passphrase, timeOf(options)], options),
        );
        return { key: new SecretKey(key), revocation };
    }

    /**
     * Reads all secret keys in `data`, armored (one block or several) or binary; certificates without secret parts are left out.
     *
     * @throws PostsealError `malformed`; `key-missing` where there are certificates only
     */
    static async importAll(data: Bytes, options: Options = {}): Promise<SecretKey[]> {
        checkOptions(options);
        const bytes = await bytesOf(data);
        try {
            const records = await engine.call("importSecretKeys", [bytes, timeOf(options)], options);
            return records.map((record) => new SecretKey(record));
        } finally {
            bytes.fill(0);
        }
    }

    /** The fingerprint of the primary key. */
    get fingerprint(): string {
        return this.certificate.fingerprint;
    }

    /** The key in binary form. Whoever reads one that is not protected can read and sign everything. */
    dangerousExportUnprotected(): Uint8Array {
        return this.#bytes.slice();
    }

    /**
     * The key with ASCII armor, locked with its passphrase.
     *
     * @throws PostsealError `invalid-input` when a part of it has no passphrase
     */
    exportArmored(): Promise<string> {
        return engine.call("armorSecretKey", [this.reference]);
    }

    /**
     * The key, ready for use.
     *
     * @param options `maxMemory`: how many bytes of memory deriving its key from the passphrase may take, 64 MiB where nothing is given
     * @throws PostsealError `wrong-passphrase`; `key-missing` where the secret parts are not there; `limit-exceeded`
     */
    async unlock(
        passphrase: Passphrase,
        options: Options & { readonly maxMemory?: number | undefined } = {},
    ): Promise<UnlockedKey> {
        checkOptions(options, "maxMemory");
        // The module counts in 32 bits, and has no more.
        const most = options.maxMemory === undefined ? undefined : Math.min(options.maxMemory, 0xffff_ffff);
        const [, handle] = await withHandle((handle) =>
            withPassphrases([passphrase], ([passphrase = new Uint8Array()]) =>
                engine.call("unlock", [this.reference, handle, passphrase, most], options),
            ),
        );
        return new UnlockedKey(this.certificate, handle);
    }

    /**
     * The key, ready for use, where it has no passphrase.
     *
     * @throws PostsealError `key-missing` when a part of it is locked
     */
    async unlockUnprotected(options: Options = {}): Promise<UnlockedKey> {
        checkOptions(options);
        const [, handle] = await withHandle((handle) =>
            engine.call("unlockUnprotected", [this.reference, handle], options),
        );
        return new UnlockedKey(this.certificate, handle);
    }

    /** @internal */
    get reference(): SecretKeyRef {
        return { bytes: this.#bytes };
    }

    /** Shows no secret. */
    toJSON(): object {
        return { fingerprint: this.fingerprint, isProtected: this.isProtected };
    }
}

let handles = 0;

/** What the module has of keys that nobody holds any more is wiped. */
const abandoned = new FinalizationRegistry<number>((handle) => void release(handle));

/** A failure to wipe is nobody's to handle: the module, or the thread with it, is gone then. */
function release(handle: number): Promise<void> {
    return engine.call("release", [[handle]]).catch(() => {});
}

/** @internal Has a key unlocked under a new number. Where that fails, or is given up, the module keeps no key of that number. */
export async function withHandle<T>(unlock: (handle: number) => Promise<T>): Promise<[T, number]> {
    const handle = ++handles;
    try {
        return [await unlock(handle), handle];
    } catch (error) {
        void release(handle);
        throw error;
    }
}

/** A secret key ready for use. Its secret parts stay in the module, encrypted while they rest, and are wiped when it is freed. */
export class UnlockedKey {
    /** The public part. */
    readonly certificate: Certificate;
    readonly #handle: number;
    #isFreed = false;

    /** @internal */
    constructor(certificate: Certificate, handle: number) {
        this.certificate = certificate;
        this.#handle = handle;
        abandoned.register(this, handle, this);
    }

    /** The fingerprint of the primary key. */
    get fingerprint(): string {
        return this.certificate.fingerprint;
    }

    /** Whether it has been freed. */
    get isFreed(): boolean {
        return this.#isFreed;
    }

    /** The same key, locked with a passphrase, to be stored. */
    async lock(passphrase: Passphrase, options: Options = {}): Promise<SecretKey> {
        checkOptions(options);
        const now = timeOf(options);
        const lock = ([passphrase = new Uint8Array()]: Uint8Array[]) =>
            engine.call("lock", [this.#handle, passphrase, now], options);
        return new SecretKey(await holding([this], () => withPassphrases([passphrase], lock)));
    }

    /** The same key to be stored without a passphrase. Whoever reads it can read and sign everything. */
    async dangerousUnprotected(options: Options = {}): Promise<SecretKey> {
        checkOptions(options);
        const args = [this.#handle, timeOf(options)] as const;
        return new SecretKey(await holding([this], () => engine.call("dangerousUnprotected", [...args], options)));
    }

    /**
     * Makes a new revocation certificate, with ASCII armor, for a key that came without one.
     *
     * @throws PostsealError `key-missing` when the secret part of the primary key is not there
     */
    async revocation(options: Options = {}): Promise<string> {
        checkOptions(options);
        const args = [this.#handle, timeOf(options)] as const;
        return holding([this], () => engine.call("revocation", [...args], options));
    }

    /** Wipes the secret parts. A key that nobody holds any more is wiped too, some time. */
    async free(): Promise<void> {
        if (!this.#isFreed) {
            this.#isFreed = true;
            abandoned.unregister(this);
            await release(this.#handle);
        }
    }

    /** For `await using`. */
    [Symbol.asyncDispose](): Promise<void> {
        return this.free();
    }

    /** @internal */
    get reference(): number {
        return this.#handle;
    }

    /** Shows no secret. */
    toJSON(): object {
        return { fingerprint: this.fingerprint };
    }
}
