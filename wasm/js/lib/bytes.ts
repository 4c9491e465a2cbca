/** What is what, in whichever realm it was made: a frame and a test runner have classes of their own. */

/** Whether it is a Uint8Array, or a Buffer, which is one. */
export function isBytes(value: unknown): value is Uint8Array {
    return ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === "Uint8Array";
}

/** Whether it is of the class of the platform that has this name. */
export function isTagged(value: unknown, name: string): boolean {
    return typeof value === "object" && value !== null && Object.prototype.toString.call(value) === `[object ${name}]`;
}
