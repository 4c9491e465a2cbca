package org.postseal

import java.nio.file.Path
import org.postseal.ffi.Delivery as NativeDelivery
import org.postseal.ffi.Receipt as NativeReceipt
import org.postseal.ffi.SendId as NativeSendId
import org.postseal.ffi.SendOptions as NativeSendOptions
import org.postseal.ffi.SmtpSession as NativeSmtpSession

/** What the server said of one recipient: a refusal, or nothing where it accepted it. */
public typealias RecipientOutcome = org.postseal.ffi.RecipientOutcome

/** What a submission server says it can do. */
public typealias SmtpExtensions = org.postseal.ffi.SmtpExtensions

/** Which reports are wanted on the way of a message (RFC 3461). */
public typealias Dsn = org.postseal.ffi.Dsn

/** When a report is wanted; nowhere set is the same as never. */
public typealias Notify = org.postseal.ffi.Notify

/** How much of a message a report of its failure carries. */
public typealias ReturnedContent = org.postseal.ffi.ReturnedContent

/**
 * A session with a submission server, logged in. Messages go one after the other, in the order of the calls, from any number of coroutines.
 */
public class SmtpSession private constructor(native: NativeSmtpSession) : Session {
    private val handle = Handle(native)

    /**
     * Sends one message, exactly as it is given: lines that end with CRLF, of at most 998 octets.
     *
     * **An exception means that the message was not sent**; where that is not certain, the receipt says [Delivery.Unknown]. A call that is
     * cancelled before the data began is abandoned; after that it runs to its end, and [outcome] tells of it where the options named it.
     *
     * @throws PostsealException.InvalidInput for a message that can't be sent as it is, and an envelope without recipients.
     * @throws PostsealException.Unsupported names the extension that the server lacks.
     */
    @JvmOverloads
    public suspend fun send(
        envelope: Envelope,
        message: ByteArray,
        options: SendOptions = SendOptions(),
        progress: ProgressListener? = null,
    ): Receipt = handle.await { it.send(envelope, message, options.native(), progress?.native()) }.face()

    /**
     * Sends a message from a file, as [send] does.
     *
     * @throws PostsealException [PostsealException.NotFound] and [PostsealException.File] where it can't be read; those of the other
     *   [send].
     */
    @JvmOverloads
    public suspend fun send(
        envelope: Envelope,
        message: Path,
        options: SendOptions = SendOptions(),
        progress: ProgressListener? = null,
    ): Receipt = handle.await { it.sendFile(envelope, message.toString(), options.native(), progress?.native()) }.face()

    /** Sends a copy of a sealed message to whom it is for, as the other [send] does. Its bytes stay where they are. */
    @JvmOverloads
    public suspend fun send(copy: SealedCopy, options: SendOptions = SendOptions(), progress: ProgressListener? = null): Receipt =
        handle.await { session -> copy.handle.call { session.sendCopy(it, options.native(), progress?.native()) } }.face()

    /**
     * What became of a send that was named by [id], also of one that was cancelled. Waits until that is known.
     *
     * A session remembers the last 64 named sends, after its end too.
     *
     * @throws PostsealException.NotFound for one that was never begun here or is forgotten.
     * @throws PostsealException.Cancelled for one that was abandoned before its data.
     */
    public suspend fun outcome(id: SendId): Receipt = handle.await { it.outcome(id.native) }.face()

    override suspend fun noop(): Unit = handle.await { it.noop() }

    override suspend fun disconnect(): Unit = handle.callOr(Unit) { it.close(cancel = null) }

    override val isClosed: Boolean get() = handle.callOr(true) { it.isClosed() }

    override val tls: TlsInfo? get() = handle.call { it.tls() }

    /** What the server can do. */
    public val extensions: SmtpExtensions get() = handle.call { it.extensions() }

    override fun close(): Unit = handle.close()

    public companion object {
        /**
         * Connects and logs in.
         *
         * @throws PostsealException [PostsealException.Network], [PostsealException.Timeout], [PostsealException.Tls] and
         *   [PostsealException.Certificate] where there is no connection; [PostsealException.LoginRefused].
         */
        @JvmStatic
        public suspend fun connect(connector: Connector, server: Server, credentials: Credentials): SmtpSession =
            SmtpSession(awaited { NativeSmtpSession.connect(connector.native, server, credentials.native) })
    }
}

/** The name of one send, unique in this process; see [SmtpSession.outcome]. */
public class SendId {
    internal val native = NativeSendId()
}

/**
 * How a message is to be sent. The default asks for nothing special.
 *
 * @property id names the send, so that its outcome can still be asked for after it was cancelled.
 * @property allOrNothing sends to nobody where the server refuses one of the recipients. By default the message goes to those it accepts.
 * @property dsn asks for delivery status notifications; the server must support DSN.
 */
public data class SendOptions @JvmOverloads constructor(
    val id: SendId? = null,
    val allOrNothing: Boolean = false,
    val dsn: Dsn? = null,
) {
    internal fun native() = NativeSendOptions(id?.native, allOrNothing, dsn)
}

/**
 * What became of a message, and of each of its recipients.
 *
 * @property delivery what became of the message.
 * @property recipients what the server said of each recipient, in the order of the envelope.
 * @property isSent whether the server has the message, for at least one recipient.
 * @property isSentToAll whether the server has the message, for every recipient.
 */
@ConsistentCopyVisibility
public data class Receipt internal constructor(
    val delivery: Delivery,
    val recipients: List<RecipientOutcome>,
    val isSent: Boolean,
    val isSentToAll: Boolean,
)

/** What became of a message. There are three answers, not two. */
public sealed class Delivery {
    /** The server has taken it over, for the recipients that it accepted. [text] is what it said. */
    @ConsistentCopyVisibility
    public data class Sent internal constructor(val text: String) : Delivery()

    /** It was not sent to anybody. [refusal] is that of the message as a whole, where there is one. */
    @ConsistentCopyVisibility
    public data class NotSent internal constructor(val refusal: Refusal?) : Delivery()

    /**
     * It was handed over whole, but the server's answer was lost: the message may be on its way or not. Sending it again may deliver it
     * twice, not sending it again may lose it: a person, or a look at what arrived, decides.
     *
     * @property because what lost the answer.
     */
    @ConsistentCopyVisibility
    public data class Unknown internal constructor(val because: Failure) : Delivery()
}

internal fun NativeReceipt.face() = Receipt(delivery.face(), recipients, isSent, isSentToAll)

private fun NativeDelivery.face(): Delivery = when (this) {
    is NativeDelivery.Sent -> Delivery.Sent(text)
    is NativeDelivery.NotSent -> Delivery.NotSent(refusal)
    is NativeDelivery.Unknown -> Delivery.Unknown(because)
}
