/** The bulk of a message by the platform's own AES and SHA-1, which a module has not: WebCrypto's, and in Node what it has of OpenSSL. */

import type { BulkDecryption, BulkEncryption, Decrypted } from "../pkg/postseal.js";

/** The least that goes out: it is copied several times on the way. */
const WORTHWHILE = 256 * 1024;
/** How many chunks are decrypted at the same time. */
const CHUNKS = 32;
const BLOCK = 16;
const TAG = 16;
const DIGEST = 20;
/** What the module wants to have in front of a plaintext in GCM, to write there. */
const ROOM = 7;
/** The associated data of a chunk in GCM; its last byte is the binary logarithm of the chunk's length, less 6. */
const HEADER = 5;

type Bytes = Uint8Array<ArrayBuffer>;

/** WebCrypto, which pages that came unencrypted don't have. */
const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;

/** Whether it is worthwhile to look for the platform's own ciphers. */
export function isBulk(data: Uint8Array): boolean {
    return subtle !== undefined && data.length >= WORTHWHILE;
}

/** What of Node can decrypt in CFB mode: WebCrypto can't, and nor can Deno. */
const node = globalThis.process?.getBuiltinModule?.("node:crypto");
let foundCfb: boolean | undefined;

/** Whether there is a cipher in CFB mode to decrypt with. */
export function hasCfb(): boolean {
    foundCfb ??= [16, 32].every((length) => {
        try {
            return node?.createDecipheriv(`aes-${length * 8}-cfb`, new Uint8Array(length), new Uint8Array(BLOCK)) !== undefined;
        } catch {
            return false;
        }
    });
    return foundCfb;
}

/** Decrypts what was begun, and lets go of it, unless the module that it was in `isThere` no more: there is another one in its place. */
export async function finishDecryption(begun: BulkDecryption, isThere: () => boolean): Promise<Decrypted> {
    try {
        if (begun.isDone()) {
            return begun.finish();
        }
        const gcm = begun.gcm() as Bytes | undefined;
        const ciphertext = begun.takeCiphertext() as Bytes;
        if (gcm) {
            return begun.finish(await withKey(begun, (key) => decryptGcm(key, gcm, ciphertext)));
        }
        const { plaintext, digest } = await withKey(begun, (key) => decryptCfb(key, ciphertext));
        return begun.finish(plaintext, digest);
    } finally {
        isThere() && begun.free();
    }
}

/** Encrypts what was begun, and lets go of it in the same way. */
export async function finishEncryption(begun: BulkEncryption, isThere: () => boolean): Promise<Uint8Array> {
    try {
        const plaintext = begun.takePlaintext();
        return begun.finish(plaintext && (await withKey(begun, (key) => encryptCfb(key, plaintext as Bytes))));
    } finally {
        isThere() && begun.free();
    }
}

async function withKey<T>(begun: BulkDecryption | BulkEncryption, act: (key: Bytes) => Promise<T>): Promise<T> {
    const key = begun.dangerousSessionKey() as Bytes;
    try {
        return await act(key);
    } finally {
        key.fill(0);
    }
}

async function decryptCfb(key: Bytes, ciphertext: Bytes): Promise<{ plaintext: Uint8Array; digest: Uint8Array }> {
    const crypto = node as NonNullable<typeof node>;
    const plaintext = crypto.createDecipheriv(`aes-${key.length * 8}-cfb`, key, new Uint8Array(BLOCK)).update(ciphertext);
    const digest = crypto.createHash("sha1").update(plaintext.subarray(0, -DIGEST)).digest();
    return { plaintext, digest };
}

/** Chunk by chunk (RFC 9580, section 5.13.2); nothing where one of them, or the end, is not what was encrypted. */
async function decryptGcm(
    key: Bytes,
    gcm: Bytes,
    ciphertext: Bytes,
): Promise<Uint8Array | undefined> {
    const [header, salt] = [gcm.subarray(0, HEADER), gcm.subarray(HEADER)];
    const chunk = 2 ** ((header[HEADER - 1] as number) + 6);
    const chunks = ciphertext.length - TAG;
    const count = Math.ceil(chunks / (chunk + TAG));
    const length = chunks - count * TAG;
    // A last chunk of nothing, or of less than a tag, is none.
    const rest = chunks % (chunk + TAG);
    if (length < 0 || (rest > 0 && rest <= TAG)) {
        return undefined;
    }
    const crypto = subtle as SubtleCrypto;
    const [messageKey, iv] = await derive(key, salt, header);
    const open = (number: number, additionalData: Bytes, data: Bytes) =>
        crypto.decrypt({ name: "AES-GCM", iv: nonce(iv, number), additionalData }, messageKey, data);
    const plaintext = new Uint8Array(ROOM + length);
    const place = async (number: number) => {
        const at = number * (chunk + TAG);
        const data = ciphertext.subarray(at, Math.min(at + chunk + TAG, chunks));
        plaintext.set(new Uint8Array(await open(number, header, data)), ROOM + number * chunk);
    };
    try {
        for (let first = 0; first < count; first += CHUNKS) {
            const numbers = Array.from({ length: Math.min(CHUNKS, count - first) }, (_, at) => first + at);
            await Promise.all(numbers.map(place));
        }
        await open(count, withNumber(header, length), ciphertext.subarray(chunks));
        return plaintext;
    } catch (error) {
        if (error instanceof DOMException && error.name === "OperationError") {
            return undefined;
        }
        throw error;
    }
}

/** The message key, and what all nonces begin with. */
async function derive(sessionKey: Bytes, salt: Bytes, info: Bytes): Promise<[CryptoKey, Bytes]> {
    const crypto = subtle as SubtleCrypto;
    const source = await crypto.importKey("raw", sessionKey, "HKDF", false, ["deriveBits"]);
    const made = new Uint8Array(
        await crypto.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, source, (sessionKey.length + 4) * 8),
    );
    const [key, iv] = [made.subarray(0, sessionKey.length), made.slice(sessionKey.length)];
    try {
        return [await crypto.importKey("raw", key, "AES-GCM", false, ["decrypt"]), iv];
    } finally {
        key.fill(0);
    }
}

const nonce = (iv: Bytes, number: number): Bytes => withNumber(iv, number);

/** Bytes, and a number of eight bytes behind them. */
function withNumber(bytes: Bytes, number: number): Bytes {
    const all = new Uint8Array(bytes.length + 8);
    all.set(bytes);
    new DataView(all.buffer).setBigUint64(bytes.length, BigInt(number));
    return all;
}

/**
 * A plaintext and its SHA-1, in CFB mode, which WebCrypto has not, by its CBC mode, which encrypts the sum of a block and the ciphertext
 * before it. Where the block is the plaintext before it, that sum is what CFB encrypts: so with a block of zeros in front, CBC gives what is to
 * be added to the plaintext.
 */
async function encryptCfb(key: Bytes, plaintext: Bytes): Promise<Uint8Array> {
    const crypto = subtle as SubtleCrypto;
    const imported = await crypto.importKey("raw", key, "AES-CBC", false, ["encrypt"]);
    const length = plaintext.length + DIGEST;
    // Whole words, so that they can be added.
    const input = new Uint8Array(BLOCK + length + (-length & 3));
    input.set(plaintext, BLOCK);
    input.set(new Uint8Array(await crypto.digest("SHA-1", plaintext)), BLOCK + plaintext.length);
    const made = await crypto.encrypt({ name: "AES-CBC", iv: new Uint8Array(BLOCK) }, imported, input);
    const [words, added] = [new Uint32Array(made, 0, made.byteLength >> 2), new Uint32Array(input.buffer, BLOCK)];
    for (let at = 0; at < added.length; at++) {
        words[at] = (words[at] as number) ^ (added[at] as number);
    }
    return new Uint8Array(made, 0, length);
}
