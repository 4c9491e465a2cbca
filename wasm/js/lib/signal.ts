import { cancelled } from "./errors.js";

/** What comes first: the result, or the end by the signal. */
export function withSignal<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!signal) {
        return result;
    }
    return new Promise((resolve, reject) => {
        const abort = () => reject(cancelled(signal));
        // It may have been before this.
        signal.aborted ? abort() : signal.addEventListener("abort", abort, { once: true });
        result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
}
