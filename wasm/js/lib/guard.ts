import { errorOf, isFailure, trapped } from "./errors.js";

/** Does something with a module: what it throws becomes an error, and after a trap `reset` makes it anew. */
export function guard<T>(act: () => T, reset: () => void): T {
    try {
        return act();
    } catch (error) {
        if (isFailure(error)) {
            throw errorOf(error);
        }
        // A trap, or a stack that is at its end.
        if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
            reset();
            throw trapped(error);
        }
        throw error;
    }
}
