package org.postseal

import java.nio.file.Path
import org.postseal.ffi.Message as NativeMessage
import org.postseal.ffi.Part as NativePart

/** How the body of a part is encoded. */
public typealias TransferEncoding = org.postseal.ffi.TransferEncoding

/**
 * A message, parsed. Broken mail is read as far as it goes; only what goes past a limit is refused.
 *
 * Its bytes stay in native memory until it is closed or, at the latest, garbage.
 */
public class Message internal constructor(native: NativeMessage) : AutoCloseable {
    internal val handle = Handle(native)

    /** The message as it came, copied. Large ones are better [saved][save]. */
    public fun data(): ByteArray = handle.call { it.data() }

    /** How many bytes the message has. */
    public val size: Long get() = handle.call { it.size() }

    /** The header fields, in their order. */
    public val headers: List<HeaderField> get() = handle.call { it.headers() }

    /** Who the message says it is from. Only the verdict of an opened message tells whether that is proven. */
    public val from: AddressList get() = handle.call { it.from() }

    /** Who the message says sent it on behalf of [from]. */
    public val sender: AddressList get() = handle.call { it.sender() }

    /** Where replies should go. */
    public val replyTo: AddressList get() = handle.call { it.replyTo() }

    /** The recipients in the `To` field. */
    public val to: AddressList get() = handle.call { it.to() }

    /** The recipients in the `Cc` field. */
    public val cc: AddressList get() = handle.call { it.cc() }

    /** When the message says it was written; `null` where it doesn't say, or makes no sense. */
    public val date: MessageDate? get() = handle.call { it.date() }

    /** The subject, decoded, on one line. */
    public val subject: String? get() = handle.call { it.subject() }

    /** The identifier of the message, without angle brackets, where it has a valid one. */
    public val messageId: String? get() = handle.call { it.messageId() }

    /** The messages to which this one replies. */
    public val inReplyTo: List<String> get() = handle.call { it.inReplyTo() }

    /** The messages of the same conversation, the oldest first. */
    public val references: List<String> get() = handle.call { it.references() }

    /** The text body: the first text that is no file. */
    public val textBody: Text? get() = handle.call { it.textBody() }

    /**
     * The HTML body, as it was sent: it may hold anything, so clean it before it is shown. With a text body beside it the two are
     * alternatives of one another.
     */
    public val htmlBody: Text? get() = handle.call { it.htmlBody() }

    /** What the HTML body shows by its Content-ID. */
    public val inlineParts: List<Attachment> get() = handle.call { it.inlineParts() }.map(::Attachment)

    /** Everything that is neither body nor inline part; an attached message is one attachment. */
    public val attachments: List<Attachment> get() = handle.call { it.attachments() }.map(::Attachment)

    /** The message as a part: the root of the part tree. */
    public val root: Part get() = Part(handle.call { it.root() })

    /** All parts in the order in which they begin, from the root on; those of attached messages included. */
    public val parts: List<Part> get() = handle.call { it.parts() }.map(::Part)

    /** The value of the first header field of that name, in any case, decoded. */
    public fun header(name: String): String? = handle.call { it.header(name) }

    /** The entries of every address field of that name. */
    public fun addresses(name: String): AddressList = handle.call { it.addresses(name) }

    /**
     * Writes the message to a file, which must not exist yet.
     *
     * @throws PostsealException [PostsealException.AlreadyExists] and [PostsealException.File] where it can't be written.
     */
    public suspend fun save(path: Path): Unit = handle.await { it.save(path.toString()) }

    /** Frees the message now, and not when the garbage collector finds it. */
    override fun close(): Unit = handle.close()

    override fun toString(): String = "Message(${handle.callOr("closed") { "${it.size()} bytes" }})"

    public companion object {
        /**
         * Parses the bytes of a message, which are copied.
         *
         * @throws PostsealException.LimitExceeded for one of more than 64 MiB, 1,000 parts, or a nesting of 32.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun parse(data: ByteArray): Message = Message(native { NativeMessage.parse(data.direct()) })

        /**
         * Parses a message from a file.
         *
         * @throws PostsealException.LimitExceeded as for [parse].
         * @throws PostsealException [PostsealException.NotFound] and [PostsealException.File] where it can't be read.
         */
        @JvmStatic
        public suspend fun read(path: Path): Message = Message(awaited { NativeMessage.fromPath(path.toString()) })
    }
}

/** A part of a message: a container of parts, or a leaf with data. The message itself is one, too. */
public class Part internal constructor(private val native: NativePart) {
    /** The media type with its parameters, such as `text/plain; charset=utf-8`. */
    public val mediaType: String get() = native.mediaType()

    /** The kind of disposition, `inline` or `attachment` mostly, in lower case. */
    public val disposition: String? get() = native.disposition()

    /** The file name, made safe to use below a folder. */
    public val fileName: String? get() = native.fileName()

    /** The Content-ID, by which HTML refers to the part. */
    public val contentId: String? get() = native.contentId()

    /** How the body is encoded. */
    public val transferEncoding: TransferEncoding get() = native.transferEncoding()

    /** The parts right inside this one. */
    public val children: List<Part> get() = native.children().map(::Part)

    /** The part around this one; `null` for the root. */
    public val parent: Part? get() = native.parent()?.let(::Part)

    /** Whether a `multipart/…` ends with its closing delimiter. Where it doesn't, something may have been cut off. */
    public val isClosed: Boolean get() = native.isClosed()

    /** The header fields, in their order. */
    public val headers: List<HeaderField> get() = native.headers()

    /** The body as text, in the charset that the part names. */
    public val text: Text get() = native.text()

    /** The value of the first header field of that name, in any case, decoded. */
    public fun header(name: String): String? = native.header(name)

    /** A parameter of the media type, such as `charset`. */
    public fun parameter(name: String): String? = native.parameter(name)

    /** The header section exactly as it stands in the message, with the empty line that ends it. */
    public fun rawHeader(): ByteArray = native.rawHeader()

    /** The body exactly as it stands in the message, with its transfer encoding. */
    public fun rawBody(): ByteArray = native.rawBody()

    /** The part exactly as it stands in the message: its header section, the empty line, and its body. */
    public fun raw(): ByteArray = native.raw()

    /** The body with its transfer encoding undone; of a container, the body as it stands. */
    public fun data(): ByteArray = native.data()

    /** The part as a file. */
    public fun toAttachment(): Attachment = Attachment(native.toAttachment())

    override fun toString(): String = "Part($mediaType)"
}
