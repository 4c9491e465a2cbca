/** Encrypting piece by piece, whoever does it. */

import { isBytes } from "./bytes.js";
import { cancelled, checkSignal, invalid } from "./errors.js";

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

/** A stream of which each piece goes through an encryption, until it ends, fails or is given up. */
export function pieceStream(
    begin: () => Promise<PieceEncryptor>,
    signal: AbortSignal | undefined,
): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream(new Pieces(begin, signal));
}

type Controller = TransformStreamDefaultController<Uint8Array>;

class Pieces implements Transformer<Uint8Array, Uint8Array> {
    readonly #begin: () => Promise<PieceEncryptor>;
    readonly #signal: AbortSignal | undefined;
    #encryptor: Promise<PieceEncryptor> | undefined;
    #unlisten = () => {};

    constructor(begin: () => Promise<PieceEncryptor>, signal: AbortSignal | undefined) {
        this.#begin = begin;
        this.#signal = signal;
    }

    start(controller: Controller): Promise<void> {
        this.#listen(controller);
        return this.#orGiveUp(async () => {
            this.#encryptor = this.#begin();
            await this.#encryptor;
        });
    }

    transform(piece: Uint8Array, controller: Controller): Promise<void> {
        return this.#orGiveUp(async () => {
            if (!isBytes(piece)) {
                throw invalid("data", "what is written to the stream is no Uint8Array");
            }
            // Whoever writes may use the piece again, of which a Buffer's `slice` would be no copy.
            const copy = new Uint8Array(piece);
            emit(controller, await (await this.#encryptor)?.write(copy));
        });
    }

    flush(controller: Controller): Promise<void> {
        return this.#orGiveUp(async () => {
            emit(controller, await (await this.#encryptor)?.finish());
            this.#unlisten();
        });
    }

    /** Gives up: nothing of the encryption stays. */
    async cancel(): Promise<void> {
        this.#unlisten();
        const encryptor = await this.#encryptor?.catch(() => undefined);
        await encryptor?.drop().catch(() => {});
    }

    async #orGiveUp(act: () => Promise<void>): Promise<void> {
        try {
            await act();
        } catch (error) {
            await this.cancel();
            throw error;
        }
    }

    /** Hears the signal while nothing is written, too. One that stays keeps no stream that nobody holds. */
    #listen(controller: Controller): void {
        const signal = this.#signal;
        if (!signal) {
            return;
        }
        const [pieces, stream] = [new WeakRef(this), new WeakRef(controller)];
        const abort = () => {
            stream.deref()?.error(cancelled(signal));
            void pieces.deref()?.cancel();
        };
        signal.addEventListener("abort", abort, { once: true });
        this.#unlisten = () => signal.removeEventListener("abort", abort);
    }
}

function emit(controller: TransformStreamDefaultController<Uint8Array>, made: Uint8Array | undefined): void {
    if (made?.length) {
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
