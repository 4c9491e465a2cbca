@file:JvmName("Sealing")

package org.postseal

import java.nio.file.Path
import org.postseal.ffi.OpenOptions as NativeOpenOptions
import org.postseal.ffi.Opened as NativeOpened
import org.postseal.ffi.Sealed as NativeSealed
import org.postseal.ffi.SealedCopy as NativeSealedCopy

/** How a message is protected: not at all, signed, encrypted, or signed and encrypted together, which is what mail should be. */
public typealias Protection = org.postseal.ffi.Protection

/** What is seldom other than the default when sealing. */
public typealias SealOptions = org.postseal.ffi.SealOptions

/** What was put right before a message could be opened: its `id` is stable, its `text` is for people. */
public typealias Repair = org.postseal.ffi.Repair

/**
 * Seals a draft: one copy for the recipients who see each other, and one for each Bcc recipient.
 *
 * @throws PostsealException.KeyMissing names everyone without a usable certificate; nothing is sealed with less protection instead.
 * @throws PostsealException.InvalidInput names the field of the draft that can't be used.
 */
@JvmOverloads
public suspend fun seal(
    draft: Draft,
    keyring: Keyring,
    protection: Protection = Protection.SIGN_AND_ENCRYPT,
    options: SealOptions = SealOptions(),
): Sealed = awaited { draft.callWith { org.postseal.ffi.sealMessage(it, protection, keyring.native, options) } }.face()

/**
 * Opens a message: decrypts, verifies and judges it. One without any protection opens too, and its verdict says so.
 *
 * A bad signature is no error: the verdict names it.
 *
 * @throws PostsealException.KeyMissing names the keys that could decrypt it.
 * @throws PostsealException.WrongPassphrase
 * @throws PostsealException.Tampered after which nothing is known of the content, since not one byte was handed out.
 * @throws PostsealException.LimitExceeded
 */
@JvmOverloads
public suspend fun open(message: Message, keyring: Keyring, options: OpenOptions = OpenOptions()): Opened =
    message.handle.await { org.postseal.ffi.openMessage(it, keyring.native, options.native()) }.face()

/**
 * A sealed message. Its bytes stay in native memory until it, or each of its copies, is closed or, at the latest, garbage.
 *
 * @property copies what is to be submitted: the copy for the `To` and `Cc` recipients, if there are any, then one for each Bcc recipient.
 * @property ownCopy the copy for the sender's own records; `null` where the sender asked not to be able to read it.
 */
public class Sealed internal constructor(public val copies: List<SealedCopy>, public val ownCopy: SealedCopy?) : AutoCloseable {
    /** Frees every copy now. */
    override fun close() {
        copies.forEach { it.close() }
        ownCopy?.close()
    }

    override fun toString(): String = "Sealed(${copies.size} copies)"
}

/** One copy of a sealed message. Its bytes stay in native memory until it is closed or, at the latest, garbage. */
public class SealedCopy internal constructor(native: NativeSealedCopy) : AutoCloseable {
    internal val handle = Handle(native)

    /** Whom the copy is for. That of the sender's own copy is empty. */
    public val envelope: Envelope get() = handle.call { it.envelope() }

    /** How many bytes the message has. */
    public val size: Long get() = handle.call { it.size() }

    /** The message, ready to be submitted. Large ones are better [sent][SmtpSession.send] or [saved][save]. */
    public fun data(): ByteArray = handle.call { it.data() }

    /**
     * Writes the message to a file, which must not exist yet.
     *
     * @throws PostsealException [PostsealException.AlreadyExists] and [PostsealException.File] where it can't be written.
     */
    public suspend fun save(path: Path): Unit = handle.await { it.save(path.toString()) }

    /** Frees the bytes now, and not when the garbage collector finds them. */
    override fun close(): Unit = handle.close()

    override fun toString(): String =
        "SealedCopy(${handle.callOr("closed") { "for ${it.envelope().to.size} recipients, ${it.size()} bytes" }})"
}

/**
 * What may open a message besides the keys, and what it may have at most. It never shows a passphrase.
 *
 * @property passphrases passphrases to try, in this order, where no key opens what is encrypted.
 * @property maxBytes the most bytes of a message, and of what is inside each layer of it; 64 MiB where nothing is given.
 */
public class OpenOptions @JvmOverloads constructor(
    private val passphrases: List<String> = emptyList(),
    public val maxBytes: Long? = null,
) {
    internal fun native() = NativeOpenOptions(passphrases, maxBytes)

    override fun toString(): String = "OpenOptions(${passphrases.size} passphrases, maxBytes=$maxBytes)"
}

/**
 * A message that was opened.
 *
 * @property message the message inside all layers of protection, with the header fields that were protected.
 * @property verdict what can be believed about it.
 * @property repairs what was put right to open it.
 */
public class Opened internal constructor(public val message: Message, public val verdict: Verdict, public val repairs: List<Repair>) :
    AutoCloseable {
    /** Frees the [message] now. */
    override fun close(): Unit = message.close()

    override fun toString(): String = "Opened(${verdict.level}, $message)"
}

/** What the native object has. It holds all bytes as well, so it is closed: else they would stay when the copies are. */
internal fun NativeSealed.face(): Sealed = use { Sealed(it.copies().map(::SealedCopy), it.ownCopy()?.let(::SealedCopy)) }

/** As for what is sealed: the plaintext would stay. */
internal fun NativeOpened.face(): Opened = use { Opened(Message(it.message()), it.verdict().face(), it.repairs()) }
