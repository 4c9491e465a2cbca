/** What only encrypts: a part of `postseal` in a module of its own, which is smaller. */

import type { CertificateInfo, Sealed, UserId } from "../pkg/encrypt.js";
import * as wasm from "../pkg/encrypt.js";
import type { Spooled } from "../lib/engine.js";
import { checkSignal, PostsealError } from "../lib/errors.js";
import { guard, using } from "../lib/guard.js";
import { encryptPieces, type PieceEncryptor, type Progress, pieceStream } from "../lib/pieces.js";
import { compile, compileSync, type ModuleSource } from "../lib/source.js";
import { type Draft, wireOf } from "../face/draft.js";
import {
    blobOf,
    type Bytes,
    bytesOf,
    checkOptions,
    needed,
    type Options,
    type Passphrase,
    timeOf,
    withPassphrases,
} from "../face/input.js";

export { PostsealError, type ErrorCode } from "../lib/errors.js";
export type { Spooled } from "../lib/engine.js";
export type { ModuleSource } from "../lib/source.js";
export type { Progress } from "../lib/pieces.js";
export type { Draft } from "../face/draft.js";
export type { Bytes, Options, Passphrase } from "../face/input.js";
export type {
    Attachment,
    Envelope,
    HeaderField,
    Mailbox,
    MailboxLike,
    MissingCertificate,
    Sealed,
    SealedCopy,
    UserId,
} from "../pkg/encrypt.js";

let starting: Promise<void> | undefined;

/**
 * Loads the module. Every operation does so by itself where that has not been done.
 *
 * @param source where the module is, or its bytes; beside the package's own files where nothing is given
 * @throws PostsealError `not-found` where it can't be fetched; `invalid-input` where it is something else
 */
export function init(source?: ModuleSource): Promise<void> {
    starting ??= load(source ?? new URL("../pkg/encrypt_bg.wasm", import.meta.url));
    return starting;
}

/** Loads the module from bytes at hand, before it returns. Browsers allow that for 8 MB in the main thread. */
export function initSync(source: BufferSource | WebAssembly.Module): void {
    wasm.initSync({ module: compileSync(source, "encrypt") });
    starting = Promise.resolve();
}

async function load(source: ModuleSource): Promise<void> {
    try {
        wasm.initSync({ module: await compile(source, "encrypt") });
    } catch (error) {
        // The next one may reach it.
        starting = undefined;
        throw error;
    }
}

async function perform<T>(options: Options, act: () => T): Promise<T> {
    checkSignal(options.signal);
    await init();
    checkSignal(options.signal);
    return guard(act, () => wasm.__wbg_reset_state());
}

/** A certificate: the public half of a key, with the user IDs that its holder gave it. What it says is as of the time of its import. */
export class Certificate {
    readonly #bytes: Uint8Array;
    readonly #info: CertificateInfo;

    /** @internal */
    constructor(bytes: Uint8Array, info: CertificateInfo) {
        this.#bytes = bytes;
        this.#info = info;
    }

    /**
     * Reads all certificates in `data`, armored (one block or several) or binary. Secret key material in it is dropped.
     *
     * @throws PostsealError `malformed` when not one could be read; `limit-exceeded` past 16 MiB
     */
    static async importAll(data: Bytes, options: Options = {}): Promise<Certificate[]> {
        checkOptions(options);
        const bytes = await bytesOf(data);
        return perform(options, () =>
            wasm.Certificate.importAll(bytes).map((certificate) =>
                using(certificate, () => new Certificate(certificate.export(), certificate.info(timeOf(options)))),
            ),
        );
    }

    /** The fingerprint of the primary key, which is the name of the certificate. */
    get fingerprint(): string {
        return this.#info.fingerprint;
    }

    /** The user IDs that are bound and not revoked, the primary one first. */
    get userIds(): readonly UserId[] {
        return this.#info.userIds;
    }

    /** Why it can't be used for anything, in words; undefined where it can be used. */
    get unusable(): string | undefined {
        return this.#info.unusable;
    }

    /** Whether one can encrypt to it. */
    get canEncrypt(): boolean {
        return this.#info.canEncrypt;
    }

    /** The certificate in binary form. */
    export(): Uint8Array {
        return this.#bytes.slice();
    }
}

/** Who shall be able to read what is encrypted. */
export interface EncryptOptions extends Options {
    /** The holders of these certificates. */
    readonly certificates?: readonly Certificate[] | undefined;
    /** Whoever knows one of these. */
    readonly passphrases?: readonly Passphrase[] | undefined;
}

/** How to seal. */
export interface SealOptions extends Options {
    /** Whether the sender can read it too, which takes a certificate of the sender's; false where nothing is given. */
    readonly encryptToSelf?: boolean | undefined;
}

/**
 * Encrypts data.
 *
 * @throws PostsealError `key-missing` for a certificate that can't be used; `invalid-input` where there is nobody to encrypt to
 */
export function encrypt(data: Bytes, options: EncryptOptions & { readonly armored: true }): Promise<string>;
export function encrypt(data: Bytes, options: EncryptOptions & { readonly armored?: false | undefined }): Promise<Uint8Array>;
export function encrypt(data: Bytes, options: EncryptOptions & { readonly armored?: boolean | undefined }): Promise<string | Uint8Array>;
export async function encrypt(
    data: Bytes,
    options: EncryptOptions & { readonly armored?: boolean | undefined },
): Promise<string | Uint8Array> {
    checkOptions(options, ...TO_ENCRYPT, "armored");
    const { armored = false } = options;
    const now = timeOf(options);
    const made = await withRecipients(options, (recipients, bytes) => wasm.encrypt(bytes, recipients, armored, now), data);
    return armored ? new TextDecoder().decode(made) : made;
}

/**
 * Seals a draft to the holders of certificates: encrypted, and not signed. One copy for the recipients who see each other, and one for each
 * Bcc recipient.
 *
 * @throws PostsealError `key-missing` names everyone without a usable certificate; `invalid-input` names the field of the draft that can't
 * be used
 */
export async function seal(
    draft: Draft,
    certificates: readonly Certificate[],
    options: SealOptions = {},
): Promise<Sealed> {
    checkOptions(options, "encryptToSelf");
    const { encryptToSelf = false } = options;
    checkOptions({ certificates } as Options, "certificates");
    const [now, to] = [timeOf(options), [...certificates]];
    const wire = await wireOf(draft);
    return withRecipients({ ...options, certificates: to }, (recipients) => wasm.seal(wire, recipients, encryptToSelf, now));
}

/** Encrypts what is written to it, piece by piece. */
export function encryptStream(options: EncryptOptions): TransformStream<Uint8Array, Uint8Array> {
    checkOptions(options, ...TO_ENCRYPT);
    return pieceStream(() => encryptor(options), options.signal);
}

/**
 * Encrypts a Blob or File into another, piece by piece.
 *
 * @throws PostsealError as `encrypt` does
 */
export async function encryptBlob(
    blob: Blob,
    options: EncryptOptions & { readonly onProgress?: Progress | undefined },
): Promise<Spooled> {
    checkOptions(options, ...TO_ENCRYPT, "onProgress");
    const file = await encryptPieces(blobOf(blob), await encryptor(options), options.onProgress, options.signal);
    return { file, discard: async () => {} };
}

async function encryptor(options: EncryptOptions): Promise<PieceEncryptor> {
    const encryptor = await withRecipients(options, (recipients) => new wasm.Encryptor(recipients, timeOf(options)));
    return {
        write: (data) => perform(options, () => encryptor.write(data)),
        finish: () => perform(options, () => encryptor.finish()).finally(() => encryptor.free()),
        drop: async () => encryptor.free(),
    };
}

const TO_ENCRYPT = ["certificates", "passphrases"] as const;

/** Does something with recipients, and with the bytes of data where there are any: both as they are now. */
async function withRecipients<T>(
    options: EncryptOptions,
    act: (recipients: wasm.Recipients, bytes: Uint8Array) => T,
    data: Bytes = "",
): Promise<T> {
    const { certificates = [], passphrases = [] } = options;
    const each = certificates.map((certificate) => needed(certificate, Certificate, "certificates").export());
    return withPassphrases(passphrases, async (passphrases) => {
        const content = await bytesOf(data);
        return perform(options, () =>
            using(new wasm.Recipients(), (recipients) => {
                for (const bytes of each) {
                    const [read] = wasm.Certificate.importAll(bytes);
                    if (!read) {
                        throw new PostsealError("internal", "a certificate is read as something else");
                    }
                    recipients.addCertificate(read);
                    read.free();
                }
                passphrases.forEach((passphrase) => recipients.addPassphrase(passphrase));
                return act(recipients, content);
            }),
        );
    });
}
