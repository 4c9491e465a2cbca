import type { CertificateInfo, UserId } from "../pkg/postseal.js";
import type { CertificateRecord, CertificateRef } from "../lib/operations.js";
import { engine } from "./engine.js";
import { type Bytes, bytesOf, checkOptions, millisecondsOf, needed, type Options, textOf, timeOf } from "./input.js";

let certificates = 0;

/** A certificate: the public half of a key, with the user IDs that its holder gave it. What it says is as of the time of its import. */
export class Certificate {
    readonly #bytes: Uint8Array;
    readonly #info: CertificateInfo;
    readonly #id = ++certificates;

    /** @internal */
    constructor(record: CertificateRecord) {
        this.#bytes = record.bytes;
        this.#info = record.info;
        // Whoever has it can't change what others are told.
        record.info.userIds.forEach(Object.freeze);
        Object.freeze(record.info.userIds);
        Object.freeze(record.info.keyFingerprints);
    }

    /**
     * Reads all certificates in `data`, armored (one block or several) or binary. Secret key material in it is dropped.
     *
     * @throws PostsealError `malformed` when not one could be read; `limit-exceeded` past 16 MiB, or when the only ones there have too many signatures, user IDs or
     * subkeys, or numbers that are too long
     */
    static async importAll(data: Bytes, options: Options = {}): Promise<Certificate[]> {
        checkOptions(options);
        const args = [await bytesOf(data), timeOf(options)] as const;
        const records = await engine.call("importCertificates", [...args], options);
        return records.map((record) => new Certificate(record));
    }

    /** The fingerprint of the primary key, which is the name of the certificate. */
    get fingerprint(): string {
        return this.#info.fingerprint;
    }

    /** The version of the key: 4 or 6. */
    get version(): number {
        return this.#info.version;
    }

    /** The fingerprints of all its keys, the primary one first. */
    get keyFingerprints(): readonly string[] {
        return this.#info.keyFingerprints;
    }

    /** The user IDs that are bound and not revoked, the primary one first. */
    get userIds(): readonly UserId[] {
        return this.#info.userIds;
    }

    /** The algorithms of its keys in words, as in `Ed25519, X25519`. */
    get algorithms(): string {
        return this.#info.algorithms;
    }

    /** When the primary key was made. */
    get created(): Date {
        return new Date(this.#info.created);
    }

    /** When it expires; undefined for never. */
    get expires(): Date | undefined {
        return this.#info.expires && new Date(this.#info.expires);
    }

    /** Whether its holder has revoked it, as far as the signatures that are in it say. */
    get isRevoked(): boolean {
        return this.#info.isRevoked;
    }

    /** Why it can't be used for anything, in words; undefined where it can be used. */
    get unusable(): string | undefined {
        return this.#info.unusable;
    }

    /** Whether one can encrypt to it. */
    get canEncrypt(): boolean {
        return this.#info.canEncrypt;
    }

    /** Whether it has a key that can make signatures. The secret part is another matter. */
    get canSign(): boolean {
        return this.#info.canSign;
    }

    /** The certificate in binary form. */
    export(): Uint8Array {
        return this.#bytes.slice();
    }

    /** The certificate with ASCII armor. */
    exportArmored(): Promise<string> {
        return engine.call("armorCertificate", [this.reference]);
    }

    /**
     * Whether one of its user IDs has this address (the case of ASCII letters doesn't matter).
     *
     * @throws PostsealError `invalid-input` where it is no address
     */
    async speaksFor(address: string, options: Options = {}): Promise<boolean> {
        checkOptions(options);
        return engine.call("speaksFor", [this.reference, textOf(address, "address"), timeOf(options)], options);
    }

    /** What it says at another time. */
    async at(now: Date): Promise<Certificate> {
        return new Certificate(await engine.call("describeCertificate", [this.reference, millisecondsOf(now, "now")]));
    }

    /**
     * This certificate with everything that `other`, another version of it, knows.
     *
     * @throws PostsealError `malformed` when `other` is another certificate
     */
    async merge(other: Certificate, options: Options = {}): Promise<Certificate> {
        checkOptions(options);
        const args = [this.reference, needed(other, Certificate, "other").reference, timeOf(options)] as const;
        return new Certificate(await engine.call("mergeCertificates", [...args], options));
    }

    /**
     * This certificate, revoked by a revocation certificate, armored or binary.
     *
     * @throws PostsealError `malformed` when the revocation belongs to another certificate, or is not valid
     */
    async revoke(revocation: Bytes, options: Options = {}): Promise<Certificate> {
        checkOptions(options);
        const args = [this.reference, await bytesOf(revocation), timeOf(options)] as const;
        return new Certificate(await engine.call("revokeCertificate", [...args], options));
    }

    /** @internal */
    get reference(): CertificateRef {
        return { id: this.#id, bytes: this.#bytes };
    }
}
