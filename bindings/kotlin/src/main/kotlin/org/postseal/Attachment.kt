package org.postseal

import java.nio.ByteBuffer
import java.nio.file.Path
import org.postseal.ffi.Attachment as NativeAttachment

/** A file that travels with a message: its name, its type, its bytes, which stay in native memory. */
public class Attachment internal constructor(native: NativeAttachment) : AutoCloseable {
    internal val handle = Handle(native)

    /**
     * An attachment of bytes at hand, which are copied. The media type is `application/octet-stream` where none is given.
     *
     * @throws PostsealException.InvalidInput names what can't be used: a file name with a control character in it, a media type that is
     *   none.
     */
    @Throws(PostsealException::class)
    @JvmOverloads
    public constructor(
        data: ByteArray,
        fileName: String? = null,
        mediaType: String? = null,
        contentId: String? = null,
    ) : this(native { NativeAttachment(data.direct(), fileName, mediaType, contentId) })

    /** The bytes of the file, copied. Large ones are better [saved][save]. */
    public fun data(): ByteArray = handle.call { it.data() }

    /** How many bytes the file has. */
    public val size: Long get() = handle.call { it.size() }

    /** The file name. In a message that came it is safe to use below a folder: no path separators, no control characters. */
    public val fileName: String? get() = handle.call { it.fileName() }

    /** The media type with its parameters, such as `text/plain; charset=utf-8`. */
    public val mediaType: String get() = handle.call { it.mediaType() }

    /** The Content-ID, by which an HTML body refers to it as `cid:…`. */
    public val contentId: String? get() = handle.call { it.contentId() }

    /**
     * Writes the bytes to a file, which must not exist yet.
     *
     * @throws PostsealException [PostsealException.AlreadyExists] and [PostsealException.File] where it can't be written.
     */
    public suspend fun save(path: Path): Unit = handle.await { it.save(path.toString()) }

    /** Frees the bytes now, and not when the garbage collector finds them. A draft that holds the attachment can't be sealed any more. */
    override fun close(): Unit = handle.close()

    override fun toString(): String =
        "Attachment(${handle.callOr("closed") { "${it.fileName() ?: "unnamed"}, ${it.mediaType()}, ${it.size()} bytes" }})"

    public companion object {
        /**
         * An attachment from a file of at most 32 MiB; its name and media type are those that the path says.
         *
         * @throws PostsealException.LimitExceeded where it is longer.
         * @throws PostsealException.InvalidInput where it is no file.
         * @throws PostsealException [PostsealException.NotFound] and [PostsealException.File] where it can't be read.
         */
        @JvmStatic
        public suspend fun read(path: Path): Attachment = Attachment(awaited { NativeAttachment.fromPath(path.toString()) })
    }
}

/** The bytes where native code can read them: it can't reach an array on the heap. */
internal fun ByteArray.direct(): ByteBuffer = ByteBuffer.allocateDirect(size).put(this).flip()
