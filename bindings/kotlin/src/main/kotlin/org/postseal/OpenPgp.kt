package org.postseal

import java.nio.file.Path
import kotlin.time.Instant
import org.postseal.ffi.Encryptor as NativeEncryptor
import org.postseal.ffi.PgpOptions as NativePgpOptions
import org.postseal.ffi.PgpRecipients as NativePgpRecipients
import org.postseal.ffi.SignatureResult as NativeSignatureResult
import org.postseal.ffi.SignatureStatus as NativeSignatureStatus
import org.postseal.ffi.UnlockedKey as NativeUnlockedKey

/** OpenPGP on data that is no mail: bytes in memory, and files of any size. */
public object OpenPgp {
    /**
     * Encrypts data in memory, in binary form or with ASCII armor. Larger data is better [encrypted from file to file][encryptFile], or in
     * pieces: [Encryptor].
     *
     * @throws PostsealException.KeyMissing for a certificate that can't be used.
     * @throws PostsealException.InvalidInput where there is nobody to encrypt to.
     */
    @JvmStatic
    @JvmOverloads
    @Throws(PostsealException::class)
    public fun encrypt(data: ByteArray, recipients: PgpRecipients, armored: Boolean = false): ByteArray =
        native { recipients.callWith { org.postseal.ffi.encrypt(data.direct(), it, armored) } }

    /**
     * Decrypts data in memory, armored or binary, and checks the signatures inside. A bad signature is no error: it is one of the
     * signatures.
     *
     * @throws PostsealException [PostsealException.Tampered], [PostsealException.KeyMissing], [PostsealException.WrongPassphrase],
     *   [PostsealException.Malformed] and [PostsealException.LimitExceeded].
     */
    @JvmStatic
    @JvmOverloads
    @Throws(PostsealException::class)
    public fun decrypt(data: ByteArray, keyring: Keyring, options: PgpOptions = PgpOptions()): Decrypted {
        val decrypted = native { org.postseal.ffi.decrypt(data.direct(), keyring.native, options.native()) }
        return Decrypted(decrypted.data, decrypted.encryption, decrypted.signatures.face())
    }

    /**
     * Encrypts a file into another one, which is there whole or not at all. It takes little memory, whatever its size.
     *
     * @throws PostsealException.AlreadyExists where the target is there and may not be overwritten.
     * @throws PostsealException [PostsealException.NotFound] and [PostsealException.File]; those of [encrypt].
     */
    @JvmStatic
    @JvmOverloads
    public suspend fun encryptFile(
        from: Path,
        to: Path,
        recipients: PgpRecipients,
        overwrite: Boolean = false,
        progress: ProgressListener? = null,
    ): Unit = awaited {
        recipients.callWith { org.postseal.ffi.encryptFile(from.toString(), to.toString(), it, overwrite, progress?.native()) }
    }

    /**
     * Decrypts a file, armored or binary, into another one, which is there only once the integrity of all of it is proven.
     *
     * @throws PostsealException.AlreadyExists where the target is there and may not be overwritten.
     * @throws PostsealException [PostsealException.NotFound] and [PostsealException.File]; those of [decrypt].
     */
    @JvmStatic
    @JvmOverloads
    public suspend fun decryptFile(
        from: Path,
        to: Path,
        keyring: Keyring,
        options: PgpOptions = PgpOptions(),
        overwrite: Boolean = false,
        progress: ProgressListener? = null,
    ): DecryptedFile {
        val decrypted = awaited {
            org.postseal.ffi.decryptFile(
                from.toString(),
                to.toString(),
                keyring.native,
                options.native(),
                overwrite,
                progress?.native(),
            )
        }
        return DecryptedFile(decrypted.length, decrypted.encryption, decrypted.signatures.face())
    }

    /**
     * Makes a detached signature, in binary form or with ASCII armor.
     *
     * @throws PostsealException.KeyMissing where the key can't sign.
     */
    @JvmStatic
    @JvmOverloads
    @Throws(PostsealException::class)
    public fun signDetached(data: ByteArray, key: UnlockedKey, armored: Boolean = false): ByteArray =
        key.handle.call { org.postseal.ffi.signDetached(data.direct(), it, armored) }

    /**
     * Signs data into a message that holds it, in binary form or with ASCII armor.
     *
     * @throws PostsealException.KeyMissing where the key can't sign.
     */
    @JvmStatic
    @JvmOverloads
    @Throws(PostsealException::class)
    public fun signInline(data: ByteArray, key: UnlockedKey, armored: Boolean = false): ByteArray =
        key.handle.call { org.postseal.ffi.signInline(data.direct(), it, armored) }

    /**
     * Signs a text so that it stays readable (cleartext signature).
     *
     * @throws PostsealException.KeyMissing where the key can't sign.
     */
    @JvmStatic
    @Throws(PostsealException::class)
    public fun signCleartext(text: String, key: UnlockedKey): String = key.handle.call { org.postseal.ffi.signCleartext(text, it) }

    /**
     * Reads a signed message, inline or cleartext-signed, armored or binary, and checks its signatures.
     *
     * @throws PostsealException.Malformed where it is something else.
     * @throws PostsealException.LimitExceeded
     */
    @JvmStatic
    @Throws(PostsealException::class)
    public fun verifyInline(message: ByteArray, keyring: Keyring): Verified {
        val verified = native { org.postseal.ffi.verifyInline(message.direct(), keyring.native) }
        return Verified(verified.data, verified.signatures.face())
    }

    /**
     * Checks detached signatures, armored or binary. Returns each with what became of it; at least one.
     *
     * @throws PostsealException.Malformed where [signature] is something else.
     * @throws PostsealException.LimitExceeded
     */
    @JvmStatic
    @Throws(PostsealException::class)
    public fun verifyDetached(data: ByteArray, signature: ByteArray, keyring: Keyring): List<SignatureResult> =
        native { org.postseal.ffi.verifyDetached(data.direct(), signature.direct(), keyring.native) }.face()
}

/**
 * Who shall be able to read what is encrypted, and who signs it. It never shows a passphrase.
 *
 * @property certificates the holders of these certificates.
 * @property passphrases and whoever knows one of these passphrases.
 * @property signer signs it inside the encryption.
 */
public class PgpRecipients @JvmOverloads constructor(
    public val certificates: List<Certificate> = emptyList(),
    private val passphrases: List<String> = emptyList(),
    public val signer: UnlockedKey? = null,
) {
    /** Calls something with the native ones; the signer is not freed meanwhile. */
    internal inline fun <T> callWith(call: (NativePgpRecipients) -> T): T =
        listOfNotNull(signer?.handle).callWith { call(native(it.singleOrNull())) }

    internal fun native(signer: NativeUnlockedKey?) = NativePgpRecipients(certificates.map { it.native }, passphrases, signer)

    override fun toString(): String = "PgpRecipients($certificates, ${passphrases.size} passphrases, signer=$signer)"
}

/**
 * How to read what is encrypted or signed. It never shows a passphrase.
 *
 * @property passphrases passphrases to try, for data that is encrypted to one.
 * @property maxBytes the most bytes of plaintext; 64 MiB in memory and 4 GiB in files where nothing is given.
 */
public class PgpOptions @JvmOverloads constructor(
    private val passphrases: List<String> = emptyList(),
    public val maxBytes: Long? = null,
) {
    internal fun native() = NativePgpOptions(passphrases, maxBytes)

    override fun toString(): String = "PgpOptions(${passphrases.size} passphrases, maxBytes=$maxBytes)"
}

/**
 * What was decrypted, and whose integrity is proven.
 *
 * @property data the plaintext.
 * @property encryption to whom it was encrypted, and how.
 * @property signatures the signatures inside the encryption; empty where it is not signed.
 */
public class Decrypted internal constructor(
    public val data: ByteArray,
    public val encryption: Encryption,
    public val signatures: List<SignatureResult>,
)

/**
 * A file that was decrypted.
 *
 * @property length how many bytes it has.
 * @property encryption to whom it was encrypted, and how.
 * @property signatures the signatures inside the encryption; empty where it is not signed.
 */
@ConsistentCopyVisibility
public data class DecryptedFile internal constructor(
    val length: Long,
    val encryption: Encryption,
    val signatures: List<SignatureResult>,
)

/**
 * The data of a signed message, and its signatures. Whether to believe the data is up to these.
 *
 * @property data what was signed.
 * @property signatures each signature with what became of it; at least one.
 */
public class Verified internal constructor(public val data: ByteArray, public val signatures: List<SignatureResult>)

/**
 * One signature, and what became of it.
 *
 * @property status whether it is good, bad, or can't be checked.
 * @property issuer the key that it names as its maker: a claim, unless it is good.
 * @property made when it was made, as its maker says.
 * @property hash the hash algorithm, such as `SHA512`; `null` for a signature that could not be read.
 */
@ConsistentCopyVisibility
public data class SignatureResult internal constructor(
    val status: SignatureStatus,
    val issuer: String?,
    val made: Instant?,
    val hash: String?,
)

/** What became of one signature. */
public sealed class SignatureStatus {
    /** The data is what was signed, by the key [key] of the certificate [certificate], which is at hand and can be used now. */
    public data class Good(val certificate: String, val key: String) : SignatureStatus()

    /** The certificate of the signer is not at hand, so nothing can be said. */
    public data object UnknownSigner : SignatureStatus()

    /** The signature is not good, for a [reason] with a stable name, such as `mismatch`. */
    public data class Bad(val reason: String) : SignatureStatus()
}

/**
 * Encrypts data that comes in pieces, in little memory: begin, [write] as often as there is something, [finish].
 *
 * @throws PostsealException.KeyMissing for a certificate that can't be used.
 * @throws PostsealException.InvalidInput where there is nobody to encrypt to.
 */
public class Encryptor
@Throws(PostsealException::class)
constructor(recipients: PgpRecipients) : AutoCloseable {
    private val handle = Handle(native { recipients.callWith(::NativeEncryptor) })

    /**
     * Takes the next piece of plaintext, and returns what of the message is ready: often nothing, since it comes some megabytes at a time.
     *
     * @throws PostsealException.InvalidInput after the end.
     */
    @Throws(PostsealException::class)
    public fun write(data: ByteArray): ByteArray = handle.call { it.write(data.direct()) }

    /**
     * Ends the message, and returns the rest of it. Without it the message is cut, and nobody will open it.
     *
     * @throws PostsealException.InvalidInput after the end.
     */
    @Throws(PostsealException::class)
    public fun finish(): ByteArray = handle.call { it.finish() }

    /** Gives up what was begun, where it did not end. */
    override fun close(): Unit = handle.close()
}

private fun List<NativeSignatureResult>.face() = map { SignatureResult(it.status.face(), it.issuer, it.made, it.hash) }

private fun NativeSignatureStatus.face() = when (this) {
    is NativeSignatureStatus.Good -> SignatureStatus.Good(certificate, key)
    is NativeSignatureStatus.UnknownSigner -> SignatureStatus.UnknownSigner
    is NativeSignatureStatus.Bad -> SignatureStatus.Bad(reason)
}
