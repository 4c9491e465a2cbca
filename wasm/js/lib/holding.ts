/** What operations under way are done with. */
const held = new Set<object>();

/**
 * Does something with what is known by a number only from here on: whoever holds it no longer would have it wiped, and that may be
 * before the operation begins.
 */
export async function holding<T>(things: readonly unknown[], act: () => Promise<T>): Promise<T> {
    const hold = { things };
    held.add(hold);
    try {
        return await act();
    } finally {
        held.delete(hold);
    }
}
