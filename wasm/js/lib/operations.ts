/** What the module does, as calls that could be made from another thread: keys and keyrings go by reference, and everything else by value. */

import * as wasm from "../pkg/postseal.js";
import type {
    CertificateInfo,
    Decrypted,
    Draft,
    KeyProfile,
    MailboxLike,
    Message,
    Opened,
    Protection,
    Sealed,
    SignatureResult,
    Source,
    Spool,
    Spooled,
    Verified,
} from "../pkg/postseal.js";
import { finishDecryption, finishEncryption, hasCfb, isBulk } from "./bulk.js";
import { PostsealError } from "./errors.js";
import { using } from "./guard.js";

/** A certificate by its number, with its bytes for a module that doesn't know it. */
export interface CertificateRef {
    readonly id: number;
    readonly bytes: Uint8Array;
}

/** A secret key as it is stored. */
export interface SecretKeyRef {
    readonly bytes: Uint8Array;
}

/** A keyring by its number. Its content goes with it where the module knows another version or none. */
export interface KeyringRef {
    readonly id: number;
    readonly version: string;
    readonly content?: KeyringContent;
}

/** What is in a keyring. Secret keys that are ready for use go by number only. */
export interface KeyringContent {
    readonly certificates: readonly CertificateRef[];
    readonly secretKeys: readonly SecretKeyRef[];
    readonly unlocked: readonly number[];
}

/** Who shall be able to read what is encrypted, and who signs it. */
export interface RecipientsRef {
    readonly certificates: readonly CertificateRef[];
    readonly passphrases: readonly Uint8Array[];
    readonly signer: number | undefined;
}

/** How to read what is encrypted. */
export interface ReadRef {
    readonly passphrases: readonly Uint8Array[];
    readonly maxBytes: number | undefined;
}

/** A certificate as the face has it. */
export interface CertificateRecord {
    readonly bytes: Uint8Array;
    readonly info: CertificateInfo;
}

/** A secret key as the face has it. */
export interface SecretKeyRecord {
    readonly bytes: Uint8Array;
    readonly isProtected: boolean;
    readonly certificate: CertificateRecord;
}

/** The names and types of all operations. */
export type CallName = Exclude<keyof Operations, "decryptTo" | "lose" | "perform">;
export type Arguments<Name extends CallName> = Parameters<Operations[Name]>;
export type Result<Name extends CallName> = Awaited<ReturnType<Operations[Name]>>;

/** How many certificates stay parsed. */
const CERTIFICATES = 512;

/** The state of one instance of the module, and what it does. */
export class Operations {
    #certificates = new Map<number, wasm.Certificate>();
    #keyrings = new Map<number, { version: string; keyring: wasm.Keyring; handles: readonly number[] }>();
    #unlocked = new Map<number, wasm.UnlockedKey>();
    #encryptors = new Map<number, wasm.Encryptor>();
    #isThere = true;

    /** Knows that the module was made anew: what is still held of it is not freed, for there is something else in that place. */
    lose(): void {
        this.#isThere = false;
    }

    /** Does one operation by its name. Most are done when this returns. */
    perform<Name extends CallName>(name: Name, args: Arguments<Name>): Result<Name> | Promise<Result<Name>> {
        const act = this[name] as (...args: Arguments<Name>) => Result<Name> | Promise<Result<Name>>;
        return act.apply(this, args);
    }

    importCertificates(data: Uint8Array, now: number): CertificateRecord[] {
        return wasm.Certificate.importAll(data).map((certificate) => recordOf(certificate, now));
    }

    describeCertificate(certificate: CertificateRef, now: number): CertificateRecord {
        return { bytes: certificate.bytes, info: this.#certificate(certificate).info(now) };
    }

    armorCertificate(certificate: CertificateRef): string {
        return this.#certificate(certificate).exportArmored();
    }

    speaksFor(certificate: CertificateRef, address: string, now: number): boolean {
        return this.#certificate(certificate).speaksFor(address, now);
    }

    mergeCertificates(one: CertificateRef, other: CertificateRef, now: number): CertificateRecord {
        return recordOf(this.#certificate(one).merge(this.#certificate(other)), now);
    }

    revokeCertificate(certificate: CertificateRef, revocation: Uint8Array, now: number): CertificateRecord {
        return recordOf(this.#certificate(certificate).revoke(revocation), now);
    }

    generateKey(
        profile: KeyProfile,
        owner: MailboxLike,
        passphrase: Uint8Array | undefined,
        now: number,
    ): { key: SecretKeyRecord; revocation: string } {
        const made = wasm.generateKey(profile, owner, passphrase, now);
        try {
            return { key: secretRecordOf(made.key(), now), revocation: made.revocation() };
        } finally {
            made.free();
        }
    }

    importSecretKeys(data: Uint8Array, now: number): SecretKeyRecord[] {
        return wasm.SecretKey.importAll(data).map((key) => secretRecordOf(key, now));
    }

    armorSecretKey(key: SecretKeyRef): string {
        return withSecretKey(key, (key) => key.exportArmored());
    }

    unlock(key: SecretKeyRef, handle: number, passphrase: Uint8Array, maxMemory: number | undefined): void {
        this.#unlocked.set(handle, withSecretKey(key, (key) => key.unlock(passphrase, maxMemory)));
    }

    unlockUnprotected(key: SecretKeyRef, handle: number): void {
        this.#unlocked.set(handle, withSecretKey(key, (key) => key.unlockUnprotected()));
    }

    lock(handle: number, passphrase: Uint8Array, now: number): SecretKeyRecord {
        return secretRecordOf(this.#key(handle).lock(passphrase), now);
    }

    dangerousUnprotected(handle: number, now: number): SecretKeyRecord {
        return secretRecordOf(this.#key(handle).dangerousUnprotected(), now);
    }

    revocation(handle: number, now: number): string {
        return this.#key(handle).revocation(now);
    }

    certificates(keyring: KeyringRef, now: number): CertificateRecord[] {
        return this.#keyring(keyring).certificates().map((certificate) => recordOf(certificate, now));
    }

    byHandle(keyring: KeyringRef, handle: string, now: number): CertificateRecord[] {
        return this.#keyring(keyring).byHandle(handle).map((certificate) => recordOf(certificate, now));
    }

    byAddress(keyring: KeyringRef, address: string, now: number): CertificateRecord[] {
        return this.#keyring(keyring).byAddress(address, now).map((certificate) => recordOf(certificate, now));
    }

    encryptionCertificate(keyring: KeyringRef, address: string, now: number): CertificateRecord | undefined {
        const found = this.#keyring(keyring).encryptionCertificate(address, now);
        return found && recordOf(found, now);
    }

    signingKey(keyring: KeyringRef, address: string, handle: number, now: number): CertificateRecord {
        const key = this.#keyring(keyring).signingKey(address, now);
        this.#unlocked.set(handle, key);
        return recordOf(key.certificate(), now);
    }

    unlockedKeys(keyring: KeyringRef): string[] {
        return this.#keyring(keyring).unlockedKeys();
    }

    lockedKeys(keyring: KeyringRef): string[] {
        return this.#keyring(keyring).lockedKeys();
    }

    seal(
        draft: Draft,
        protection: Protection,
        keyring: KeyringRef,
        encryptToSelf: boolean,
        now: number,
    ): Sealed {
        return wasm.seal(draft, protection, this.#keyring(keyring), encryptToSelf, now);
    }

    open(message: Uint8Array, keyring: KeyringRef, options: ReadRef, now: number): Opened {
        return withOptions(options, (options) => wasm.open(message, this.#keyring(keyring), options, now));
    }

    parseMessage(data: Uint8Array): Message {
        return wasm.parseMessage(data);
    }

    encrypt(
        data: Uint8Array,
        recipients: RecipientsRef,
        armored: boolean,
        now: number,
    ): Promise<Uint8Array> {
        return this.#withRecipients(recipients, (recipients) =>
            finishEncryption(wasm.beginBulkEncryption(data, recipients, armored, isBulk(data), now), () => this.#isThere),
        );
    }

    decrypt(data: Uint8Array, keyring: KeyringRef, options: ReadRef, now: number): Promise<Decrypted> {
        const ring = this.#keyring(keyring);
        return withOptions(options, (options) =>
            finishDecryption(
                wasm.beginBulkDecryption(data, ring, options, isBulk(data) && hasCfb(), isBulk(data), now),
                () => this.#isThere,
            ),
        );
    }

    /** Only for who stands in the same thread: a source and a spool don't cross. */
    decryptTo(source: Source, spool: Spool, keyring: KeyringRef, options: ReadRef, now: number): Spooled {
        return withOptions(options, (options) =>
            wasm.decryptTo(source, spool, this.#keyring(keyring), options, now),
        );
    }

    signDetached(data: Uint8Array, handle: number, armored: boolean, now: number): Uint8Array {
        return wasm.signDetached(data, this.#key(handle), armored, now);
    }

    signInline(data: Uint8Array, handle: number, armored: boolean, now: number): Uint8Array {
        return wasm.signInline(data, this.#key(handle), armored, now);
    }

    signCleartext(text: string, handle: number, now: number): string {
        return wasm.signCleartext(text, this.#key(handle), now);
    }

    verifyInline(message: Uint8Array, keyring: KeyringRef, now: number): Verified {
        return wasm.verifyInline(message, this.#keyring(keyring), now);
    }

    verifyDetached(
        data: Uint8Array,
        signature: Uint8Array,
        keyring: KeyringRef,
        now: number,
    ): SignatureResult[] {
        return wasm.verifyDetached(data, signature, this.#keyring(keyring), now);
    }

    beginEncryption(id: number, recipients: RecipientsRef, now: number): void {
        this.#encryptors.set(
            id,
            this.#withRecipients(recipients, (recipients) => new wasm.Encryptor(recipients, now)),
        );
    }

    writeEncryption(id: number, data: Uint8Array): Uint8Array {
        return this.#encryptor(id).write(data);
    }

    finishEncryption(id: number): Uint8Array {
        try {
            return this.#encryptor(id).finish();
        } finally {
            this.dropEncryption(id);
        }
    }

    dropEncryption(id: number): void {
        take(this.#encryptors, id)?.free();
    }

    /** Wipes secret keys that were ready for use. */
    release(handles: readonly number[]): void {
        handles.forEach((handle) => take(this.#unlocked, handle)?.free());
        // A keyring has copies.
        const stale = [...this.#keyrings].filter(([, { handles: its }]) => its.some((handle) => handles.includes(handle)));
        stale.forEach(([id]) => this.releaseKeyring(id));
    }

    /** Wipes a keyring, with the keys in it. */
    releaseKeyring(id: number): void {
        take(this.#keyrings, id)?.keyring.free();
    }

    /** Hands a secret key to another thread of the same page. */
    dangerousGive(handle: number): Uint8Array {
        const key = this.#key(handle).dangerousUnprotected();
        try {
            return key.dangerousExportUnprotected();
        } finally {
            key.free();
        }
    }

    /** Takes a secret key from another thread of the same page, and wipes what it came in. */
    take(handle: number, bytes: Uint8Array): void {
        try {
            this.#unlocked.set(handle, withSecretKey({ bytes }, (key) => key.unlockPartly()));
        } finally {
            bytes.fill(0);
        }
    }

    #certificate(reference: CertificateRef): wasm.Certificate {
        const known = take(this.#certificates, reference.id) ?? only(wasm.Certificate.importAll(reference.bytes));
        // The one that was used last is the last to go: whoever uses two of them has both.
        this.#certificates.set(reference.id, known);
        const [oldest] = this.#certificates.keys();
        if (this.#certificates.size > CERTIFICATES && oldest !== undefined) {
            take(this.#certificates, oldest)?.free();
        }
        return known;
    }

    #keyring(reference: KeyringRef): wasm.Keyring {
        const known = this.#keyrings.get(reference.id);
        if (known && known.version === reference.version) {
            return known.keyring;
        }
        const { content } = reference;
        if (!content) {
            throw new PostsealError("internal", "a keyring came without its content");
        }
        const keyring = new wasm.Keyring();
        try {
            content.certificates.forEach((certificate) => keyring.addCertificate(this.#certificate(certificate)));
            content.secretKeys.forEach((key) => withSecretKey(key, (key) => keyring.addSecretKey(key)));
            content.unlocked.forEach((handle) => keyring.addUnlockedKey(this.#key(handle)));
        } catch (error) {
            keyring.free();
            throw error;
        }
        known?.keyring.free();
        this.#keyrings.set(reference.id, { version: reference.version, keyring, handles: content.unlocked });
        return keyring;
    }

    #key(handle: number): wasm.UnlockedKey {
        const key = this.#unlocked.get(handle);
        if (!key) {
            throw new PostsealError("closed", "the unlocked key was freed, or was lost with the thread that had it");
        }
        return key;
    }

    #encryptor(id: number): wasm.Encryptor {
        const encryptor = this.#encryptors.get(id);
        if (!encryptor) {
            throw new PostsealError("closed", "the encryption has ended");
        }
        return encryptor;
    }

    #withRecipients<T>(reference: RecipientsRef, act: (recipients: wasm.Recipients) => T): T {
        return using(new wasm.Recipients(), (recipients) => {
            reference.certificates.forEach((certificate) =>
                recipients.addCertificate(this.#certificate(certificate)),
            );
            reference.passphrases.forEach((passphrase) => recipients.addPassphrase(passphrase));
            if (reference.signer !== undefined) {
                recipients.signWith(this.#key(reference.signer));
            }
            return act(recipients);
        });
    }
}

function withOptions<T>(reference: ReadRef, act: (options: wasm.ReadOptions) => T): T {
    return using(new wasm.ReadOptions(), (options) => {
        reference.passphrases.forEach((passphrase) => options.addPassphrase(passphrase));
        if (reference.maxBytes !== undefined) {
            options.limitBytes(reference.maxBytes);
        }
        return act(options);
    });
}

function withSecretKey<T>(reference: SecretKeyRef, act: (key: wasm.SecretKey) => T): T {
    return using(only(wasm.SecretKey.importAll(reference.bytes)), act);
}

/** What the face keeps of a certificate, which is let go of. */
function recordOf(certificate: wasm.Certificate, now: number): CertificateRecord {
    return using(certificate, () => ({ bytes: certificate.export(), info: certificate.info(now) }));
}

/** What the face keeps of a secret key, which is let go of. */
function secretRecordOf(key: wasm.SecretKey, now: number): SecretKeyRecord {
    try {
        return {
            bytes: key.dangerousExportUnprotected(),
            isProtected: key.isProtected(),
            certificate: recordOf(key.certificate(), now),
        };
    } finally {
        key.free();
    }
}

function only<T>(items: T[]): T {
    const [first] = items;
    if (first === undefined || items.length > 1) {
        throw new PostsealError("internal", "what was exported is read as something else");
    }
    return first;
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
    const value = map.get(key);
    map.delete(key);
    return value;
}
