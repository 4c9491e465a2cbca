/** What is too large for memory. */

import type { DecryptedBlob, Spooled } from "../lib/engine.js";
import { beginPieces } from "../lib/memory.js";
import { type PieceEncryptor, pieceStream, type Progress } from "../lib/pieces.js";
import { type DecryptOptions, type EncryptOptions, TO_DECRYPT, TO_ENCRYPT, withReading, withRecipients } from "./data.js";
import { engine } from "./engine.js";
import { blobFrom, blobOf, checkOptions, timeOf } from "./input.js";

/** The most bytes of plaintext where nothing is given. */
const MOST = 4 * 1024 * 1024 * 1024;

/** How much longer a message may be than twice its plaintext: armor takes a third, and many recipients and signatures some more. */
const MORE = 16 * 1024 * 1024;

/** With what goes with long work. */
export interface ProgressOptions {
    /** Is told how many bytes are done, of how many. */
    readonly onProgress?: Progress | undefined;
}

/**
 * Encrypts what is written to it, piece by piece.
 *
 * An encryption that does not come to its end is refused as `tampered` by whoever decrypts it.
 */
export function encryptStream(options: EncryptOptions): TransformStream<Uint8Array, Uint8Array> {
    checkOptions(options, ...TO_ENCRYPT);
    return pieceStream(() => encryptor(options), options.signal);
}

/**
 * Encrypts a Blob or File into another. In `postseal/worker` that takes little memory: what is made is in the origin-private file system, until
 * `discard` is called. In this thread the browser keeps it where it likes.
 *
 * @throws PostsealError as `encrypt` does
 */
export async function encryptBlob(blob: Blob, options: EncryptOptions & ProgressOptions): Promise<Spooled> {
    checkOptions(options, ...TO_ENCRYPT, "onProgress");
    return withRecipients(options, (recipients) =>
        engine.encryptBlob(blobOf(blob), recipients, timeOf(options), longOptions(blob, options)),
    );
}

/**
 * Decrypts a Blob or File, and hands out the plaintext once the integrity of all of it is proven. In `postseal/worker` that takes little
 * memory: the plaintext waits in the origin-private file system, until `discard` is called. In this thread, and in Node, it waits in memory.
 *
 * @throws PostsealError as `decrypt` does; `limit-exceeded` past `maxBytes` (4 GiB, in memory 512 MiB, where nothing is given)
 */
export async function decryptBlob(blob: Blob, options: DecryptOptions & ProgressOptions): Promise<DecryptedBlob> {
    checkOptions(options, ...TO_DECRYPT, "onProgress");
    return withReading(options, (keyring, reading) =>
        engine.decryptBlob(blobOf(blob), keyring, reading, timeOf(options), longOptions(blob, options)),
    );
}

/**
 * Decrypts what a stream brings, as `decryptBlob` does: nothing comes out before all has come in, for an end that is missing is a forgery.
 *
 * @throws PostsealError as `decryptBlob` does
 */
export async function decryptStream(
    stream: ReadableStream<Uint8Array>,
    options: DecryptOptions & ProgressOptions,
): Promise<DecryptedBlob> {
    checkOptions(options, ...TO_DECRYPT, "onProgress");
    const { maxBytes = MOST, signal } = options;
    return decryptBlob(await blobFrom(stream, 2 * maxBytes + MORE, signal), options);
}

/** An encryption that nobody holds any more is given up, some time. */
const abandoned = new FinalizationRegistry<() => Promise<void>>((drop) => void drop().catch(() => {}));

async function encryptor(options: EncryptOptions): Promise<PieceEncryptor> {
    const begun = await withRecipients(options, (recipients) =>
        beginPieces(engine, recipients, timeOf(options), options.signal),
    );
    abandoned.register(begun, begun.drop);
    return begun;
}

function longOptions(blob: Blob, { signal, onProgress }: EncryptOptions & ProgressOptions) {
    return { signal, onProgress: (done: number) => onProgress?.(done, blob.size) };
}
