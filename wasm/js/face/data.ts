import type { Decrypted, SignatureResult, Verified } from "../pkg/postseal.js";
import { holding } from "../lib/holding.js";
import type { KeyringRef, ReadRef, RecipientsRef } from "../lib/operations.js";
import { Certificate } from "./certificate.js";
import { engine } from "./engine.js";
import {
    type Bytes,
    bytesOf,
    checkOptions,
    needed,
    type Options,
    type Passphrase,
    textOf,
    timeOf,
    withPassphrases,
} from "./input.js";
import { Keyring } from "./keyring.js";
import { UnlockedKey } from "./secret-key.js";

/** Who shall be able to read what is encrypted, and who signs it. */
export interface EncryptOptions extends Options {
    /** The holders of these certificates. */
    readonly certificates?: readonly Certificate[] | undefined;
    /** Whoever knows one of these. */
    readonly passphrases?: readonly Passphrase[] | undefined;
    /** Signs it inside the encryption. */
    readonly signWith?: UnlockedKey | undefined;
}

/** With what to decrypt. */
export interface DecryptOptions extends Options {
    /** The keys to decrypt with, and the certificates to know signers by. */
    readonly keyring?: Keyring | undefined;
    /** Passphrases to try. */
    readonly passphrases?: readonly Passphrase[] | undefined;
    /** The most bytes of plaintext; 64 MiB where nothing is given. */
    readonly maxBytes?: number | undefined;
}

/** Whether what is made shall be text. */
export interface ArmorOptions {
    /** With ASCII armor, as text that can go into a message. */
    readonly armored?: boolean | undefined;
}

/**
 * Encrypts data.
 *
 * @throws PostsealError `key-missing` for a certificate that can't be used; `invalid-input` where there is nobody to encrypt to
 */
export function encrypt(data: Bytes, options: EncryptOptions & { readonly armored: true }): Promise<string>;
export function encrypt(data: Bytes, options: EncryptOptions & { readonly armored?: false | undefined }): Promise<Uint8Array>;
export function encrypt(data: Bytes, options: EncryptOptions & ArmorOptions): Promise<string | Uint8Array>;
export async function encrypt(data: Bytes, options: EncryptOptions & ArmorOptions): Promise<string | Uint8Array> {
    checkOptions(options, ...TO_ENCRYPT, "armored");
    const now = timeOf(options);
    const { armored = false } = options;
    const made = await withRecipients(options, async (recipients) => {
        const bytes = await bytesOf(data);
        return engine.call("encrypt", [bytes, recipients, armored, now], { ...options, transfer: [bytes] });
    });
    return written(made, armored);
}

/**
 * Decrypts data in memory, armored or binary, and checks the signatures inside.
 *
 * @throws PostsealError `tampered`, `key-missing`, `wrong-passphrase`, `malformed` and `limit-exceeded`. A bad signature is no error: it is
 * one of the signatures
 */
export async function decrypt(data: Bytes, options: DecryptOptions): Promise<Decrypted> {
    checkOptions(options, ...TO_DECRYPT);
    const now = timeOf(options);
    return withReading(options, async (keyring, reading) => {
        const bytes = await bytesOf(data);
        return engine.call("decrypt", [bytes, keyring, reading, now], { ...options, transfer: [bytes] });
    });
}

/**
 * Makes a detached signature.
 *
 * @throws PostsealError `key-missing` where the key can't sign
 */
export function signDetached(data: Bytes, key: UnlockedKey, options: Options & { readonly armored: true }): Promise<string>;
export function signDetached(data: Bytes, key: UnlockedKey, options?: Options & { readonly armored?: false | undefined }): Promise<Uint8Array>;
export function signDetached(data: Bytes, key: UnlockedKey, options: Options & ArmorOptions): Promise<string | Uint8Array>;
export async function signDetached(
    data: Bytes,
    key: UnlockedKey,
    options: Options & ArmorOptions = {},
): Promise<string | Uint8Array> {
    checkOptions(options, "armored");
    const { armored = false } = options;
    const signer = needed(key, UnlockedKey, "key").reference;
    const now = timeOf(options);
    const made = holding([key], async () => engine.call("signDetached", [await bytesOf(data), signer, armored, now], options));
    return written(await made, armored);
}

/**
 * Signs data into a message that holds it.
 *
 * @throws PostsealError `key-missing` where the key can't sign
 */
export function signInline(data: Bytes, key: UnlockedKey, options: Options & { readonly armored: true }): Promise<string>;
export function signInline(data: Bytes, key: UnlockedKey, options?: Options & { readonly armored?: false | undefined }): Promise<Uint8Array>;
export function signInline(data: Bytes, key: UnlockedKey, options: Options & ArmorOptions): Promise<string | Uint8Array>;
export async function signInline(
    data: Bytes,
    key: UnlockedKey,
    options: Options & ArmorOptions = {},
): Promise<string | Uint8Array> {
    checkOptions(options, "armored");
    const { armored = false } = options;
    const signer = needed(key, UnlockedKey, "key").reference;
    const now = timeOf(options);
    const made = holding([key], async () => engine.call("signInline", [await bytesOf(data), signer, armored, now], options));
    return written(await made, armored);
}

/**
 * Signs a text so that it stays readable (cleartext signature).
 *
 * @throws PostsealError `key-missing` where the key can't sign
 */
export async function signCleartext(text: string, key: UnlockedKey, options: Options = {}): Promise<string> {
    checkOptions(options);
    const signer = needed(key, UnlockedKey, "key").reference;
    const args = [textOf(text, "text"), signer, timeOf(options)] as const;
    return holding([key], () => engine.call("signCleartext", [...args], options));
}

/**
 * Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures. Whether to believe the data is up to
 * these.
 *
 * @throws PostsealError `malformed` where it is something else; `limit-exceeded`
 */
export async function verifyInline(message: Bytes, keyring: Keyring, options: Options = {}): Promise<Verified> {
    checkOptions(options);
    const { reference } = needed(keyring, Keyring, "keyring");
    const now = timeOf(options);
    return holding([keyring], async () => engine.call("verifyInline", [await bytesOf(message), reference, now], options));
}

/**
 * Checks detached signatures, armored or binary: each of them with what became of it, at least one.
 *
 * @throws PostsealError `malformed` where `signature` is something else; `limit-exceeded`
 */
export async function verifyDetached(
    data: Bytes,
    signature: Bytes,
    keyring: Keyring,
    options: Options = {},
): Promise<SignatureResult[]> {
    checkOptions(options);
    const { reference } = needed(keyring, Keyring, "keyring");
    const now = timeOf(options);
    return holding([keyring], async () => {
        const given = await Promise.all([bytesOf(data), bytesOf(signature)]);
        return engine.call("verifyDetached", [...given, reference, now], options);
    });
}

/** @internal The options of who encrypts, and of who decrypts. */
export const TO_ENCRYPT = ["certificates", "passphrases", "signWith"] as const;
/** @internal */
export const TO_DECRYPT = ["keyring", "passphrases", "maxBytes"] as const;

/** @internal Does something with recipients as the module takes them. */
export async function withRecipients<T>(
    options: EncryptOptions,
    act: (recipients: RecipientsRef) => Promise<T>,
): Promise<T> {
    const { passphrases = [], signWith } = options;
    const certificates = (options.certificates ?? []).map((one) => needed(one, Certificate, "certificates").reference);
    const signer = signWith && needed(signWith, UnlockedKey, "signWith").reference;
    return holding([signWith], () =>
        withPassphrases(passphrases, (passphrases) => act({ certificates, passphrases, signer })),
    );
}

/** @internal Does something with what the module reads with. */
export async function withReading<T>(
    options: DecryptOptions,
    act: (keyring: KeyringRef, reading: ReadRef) => Promise<T>,
): Promise<T> {
    const { keyring = nobody, passphrases = [], maxBytes } = options;
    const { reference } = needed(keyring, Keyring, "keyring");
    return holding([keyring], () =>
        withPassphrases(passphrases, (passphrases) => act(reference, { passphrases, maxBytes })),
    );
}

/** For who has passphrases only. */
const nobody = new Keyring();

function written(made: Uint8Array, armored: boolean): string | Uint8Array {
    return armored ? new TextDecoder().decode(made) : made;
}
