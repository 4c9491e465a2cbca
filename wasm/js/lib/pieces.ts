/** Encrypting piece by piece, whoever does it. */

import { isBytes } from "./bytes.js";
import { checkSignal, invalid } from "./errors.js";

/** Is told how many bytes are done, of how many. */
export type Progress = (done: number, of: number) => void;

/** An encryption under way. What is written is given away. */
export interface PieceEncryptor {
    write(data: Uint8Array): Promise<Uint8Array>;
    finish(): Promise<Uint8Array>;
    /** Gives up. */
    drop(): Promise<void>;
}

/** How much of a Blob is in memory at a time. */
const PIECE = 4 * 1024 * 1024;

/** A stream of which each piece goes through an encryption. */
export function pieceStream(begin: () => Promise<PieceEncryptor>): TransformStream<Uint8Array, Uint8Array> {
    let encryptor: PieceEncryptor;
    const transformer: Transformer<Uint8Array, Uint8Array> & { cancel(): Promise<void> } = {
        async start() {
            encryptor = await begin();
        },
        async transform(piece, controller) {
            if (!isBytes(piece)) {
                throw invalid("data", "what is written to the stream is no Uint8Array");
            }
            // Whoever writes may use the piece again, of which a Buffer's `slice` would be no copy.
            emit(controller, await encryptor.write(new Uint8Array(piece)));
        },
        async flush(controller) {
            emit(controller, await encryptor.finish());
        },
        async cancel() {
            await encryptor.drop();
        },
    };
    return new TransformStream(transformer);
}

function emit(controller: TransformStreamDefaultController<Uint8Array>, made: Uint8Array): void {
    if (made.length > 0) {
        controller.enqueue(made);
    }
}

/** A Blob of what the pieces of another are encrypted to. */
export async function encryptPieces(
    blob: Blob,
    encryptor: PieceEncryptor,
    onProgress: Progress | undefined,
    signal: AbortSignal | undefined,
): Promise<Blob> {
    // As Blobs, the browser can put the pieces elsewhere than into memory.
    const made: Blob[] = [];
    const keep = (bytes: Uint8Array) => made.push(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    try {
        for (let done = 0; done < blob.size; ) {
            checkSignal(signal);
            const piece = new Uint8Array(await blob.slice(done, done + PIECE).arrayBuffer());
            done += piece.length;
            keep(await encryptor.write(piece));
            onProgress?.(done, blob.size);
        }
        keep(await encryptor.finish());
    } catch (error) {
        await encryptor.drop().catch(() => {});
        throw error;
    }
    return new Blob(made, { type: "application/octet-stream" });
}
