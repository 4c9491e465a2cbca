import type { DecryptedBlob, Engine, LongOptions, Spooled } from "./engine.js";
import { PostsealError } from "./errors.js";
import type { Arguments } from "./operations.js";
import { encryptPieces, type PieceEncryptor } from "./pieces.js";

/** The most bytes of a Blob that are decrypted in memory. */
const MOST = 512 * 1024 * 1024;

/** Decrypts a Blob in memory, where nobody can pull from it. */
export async function decryptInMemory(
    engine: Engine,
    blob: Blob,
    keyring: Arguments<"decrypt">[1],
    reading: Arguments<"decrypt">[2],
    now: number,
    { signal, onProgress }: LongOptions,
): Promise<DecryptedBlob> {
    if (blob.size > MOST) {
        throw new PostsealError("limit-exceeded", "a Blob of this size is decrypted by postseal/worker in browsers", {
            limit: MOST,
        });
    }
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const within = { ...reading, maxBytes: Math.min(reading.maxBytes ?? MOST, MOST) };
    const { data, ...rest } = await engine.call("decrypt", [bytes, keyring, within, now], {
        signal,
        transfer: [bytes],
    });
    onProgress(blob.size);
    return { ...rest, file: new Blob([data as Uint8Array<ArrayBuffer>]), discard: async () => {} };
}

let sessions = 0;

/** An encryption under way in an engine. */
export async function beginPieces(
    engine: Engine,
    recipients: Arguments<"beginEncryption">[1],
    now: number,
    signal: AbortSignal | undefined,
): Promise<PieceEncryptor> {
    const session = ++sessions;
    await engine.call("beginEncryption", [session, recipients, now], { session, signal });
    return {
        write: (data) => engine.call("writeEncryption", [session, data], { session, signal, transfer: [data] }),
        finish: () => engine.call("finishEncryption", [session], { session, signal }),
        drop: () => engine.call("dropEncryption", [session], { session }),
    };
}

/** Encrypts a Blob piece by piece, into Blobs, which the browser keeps where it likes. */
export async function encryptInPieces(
    engine: Engine,
    blob: Blob,
    recipients: Arguments<"encrypt">[1],
    now: number,
    { signal, onProgress }: LongOptions,
): Promise<Spooled> {
    const encryptor = await beginPieces(engine, recipients, now, signal);
    return { file: await encryptPieces(blob, encryptor, onProgress, signal), discard: async () => {} };
}
