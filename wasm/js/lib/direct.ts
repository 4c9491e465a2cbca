/** The module in the thread of whoever calls. */

import * as wasm from "../pkg/postseal.js";
import type { CallOptions, DecryptedBlob, Engine, LongOptions, Spooled } from "./engine.js";
import { checkSignal, PostsealError, trapped } from "./errors.js";
import { decryptInMemory, encryptInPieces } from "./memory.js";
import { type Arguments, type CallName, Operations, type Result } from "./operations.js";
import { guardAll } from "./guard.js";
import { Loader } from "./loader.js";
import { withSignal } from "./signal.js";
import type { ModuleSource } from "./source.js";

export class DirectEngine implements Engine {
    readonly #loader = new Loader();
    #operations: Operations | undefined;

    async init(source?: ModuleSource): Promise<void> {
        this.#begin(await this.#loader.load(source));
    }

    startSync(source: BufferSource | WebAssembly.Module): void {
        this.#begin(this.#loader.compiled(source));
    }

    #begin(module: WebAssembly.Module): void {
        if (!this.#operations) {
            wasm.initSync({ module });
            this.#operations = new Operations();
        }
    }

    async call<Name extends CallName>(
        name: Name,
        args: Arguments<Name>,
        options: CallOptions = {},
    ): Promise<Result<Name>> {
        checkSignal(options.signal);
        await withSignal(this.init(), options.signal);
        checkSignal(options.signal);
        const operations = this.#operations;
        if (!operations) {
            throw new PostsealError("internal", "the module was not started");
        }
        try {
            const result = await guardAll(
                () => operations.perform(name, args),
                () => this.#renew(operations),
            );
            checkSignal(options.signal);
            return result;
        } catch (error) {
            // What stood in the module is gone where it has trapped in the meantime.
            throw this.#operations === operations || error instanceof PostsealError ? error : trapped(error);
        }
    }

    /** All that was in the module is gone, and it is as good as new. */
    #renew(lost: Operations): void {
        if (this.#operations === lost) {
            lost.lose();
            wasm.__wbg_reset_state();
            this.#operations = new Operations();
        }
    }

    encryptBlob(
        blob: Blob,
        recipients: Arguments<"encrypt">[1],
        now: number,
        options: LongOptions,
    ): Promise<Spooled> {
        return encryptInPieces(this, blob, recipients, now, options);
    }

    decryptBlob(
        blob: Blob,
        keyring: Arguments<"decrypt">[1],
        reading: Arguments<"decrypt">[2],
        now: number,
        options: LongOptions,
    ): Promise<DecryptedBlob> {
        return decryptInMemory(this, blob, keyring, reading, now, options);
    }
}
