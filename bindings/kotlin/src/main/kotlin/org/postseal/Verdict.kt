package org.postseal

import kotlin.time.Instant
import org.postseal.ffi.EncryptionVerdict as NativeEncryptionVerdict
import org.postseal.ffi.SenderVerdict as NativeSenderVerdict
import org.postseal.ffi.SignatureVerdict as NativeSignatureVerdict
import org.postseal.ffi.Verdict as NativeVerdict

/** One word for what a message is worth, in ascending order of trust. */
public typealias VerdictLevel = org.postseal.ffi.VerdictLevel

/** Why a verdict is not better, or what else there is to know: its `id` is stable, its `text` is for people. */
public typealias Reason = org.postseal.ffi.Reason

/** To whom a message is encrypted, and how. */
public typealias Encryption = org.postseal.ffi.Encryption

/** What a signature covers. */
public typealias Coverage = org.postseal.ffi.Coverage

/** Which header fields of a message were protected together with its content. */
public typealias HeaderVerdict = org.postseal.ffi.HeaderVerdict

/** A header field that says something else inside the protection than outside. */
public typealias DifferingHeader = org.postseal.ffi.DifferingHeader

/**
 * What can be believed about a message: one for each message, and never better than what was proven.
 *
 * @property level one word for what the message is worth.
 * @property reasons why it is not worth more, and whatever else is worth knowing: every reason, the worst first.
 * @property encryption whether it was encrypted, to whom, and how.
 * @property signature whether it was signed, and by which certificate.
 * @property signatureCoverage what the signature covers; `null` where there is no signature.
 * @property sender whether the certificate that signed speaks for the address in the From field.
 * @property headers which header fields were protected together with the content.
 */
@ConsistentCopyVisibility
public data class Verdict internal constructor(
    val level: VerdictLevel,
    val reasons: List<Reason>,
    val encryption: EncryptionVerdict,
    val signature: SignatureVerdict,
    val signatureCoverage: Coverage?,
    val sender: SenderVerdict,
    val headers: HeaderVerdict,
)

/** Whether a message was encrypted. */
public sealed class EncryptionVerdict {
    /** None of it was. */
    public data object NotEncrypted : EncryptionVerdict()

    /** A part of it was, as [encryption] says. Only that part is handed out. */
    @ConsistentCopyVisibility
    public data class Part internal constructor(val encryption: Encryption) : EncryptionVerdict()

    /** All of its content was, as [encryption] says. */
    @ConsistentCopyVisibility
    public data class All internal constructor(val encryption: Encryption) : EncryptionVerdict()
}

/** Whether a message was signed. Unsigned is not forged, and an unknown key is neither. */
public sealed class SignatureVerdict {
    /** There is no signature. */
    public data object Unsigned : SignatureVerdict()

    /**
     * What the coverage says is as the holder of this certificate signed it, and the certificate can be used.
     *
     * @property signer the fingerprint of the certificate.
     * @property key the fingerprint of its key that made the signature.
     * @property made when it was made, as the signer says.
     */
    @ConsistentCopyVisibility
    public data class Valid internal constructor(val signer: String, val key: String, val made: Instant?) : SignatureVerdict()

    /** The certificate of the signer is not at hand. [issuer] is the key that the signature names, which nobody has proven. */
    @ConsistentCopyVisibility
    public data class UnknownSigner internal constructor(val issuer: String?) : SignatureVerdict()

    /** The signature is not good, or no longer, for a [reason] with a stable name. The message is worth no more than one without. */
    @ConsistentCopyVisibility
    public data class Invalid internal constructor(val reason: String) : SignatureVerdict()
}

/** Whether the certificate that signed speaks for the address in the From field. */
public sealed class SenderVerdict {
    /** There is no valid signature, so nobody does. */
    public data object NotProven : SenderVerdict()

    /** It has a user ID with this [address], the only one in the From field. */
    @ConsistentCopyVisibility
    public data class SpokenFor internal constructor(val address: String) : SenderVerdict()

    /** It has none with this [address], the only one in the From field. */
    @ConsistentCopyVisibility
    public data class OtherAddress internal constructor(val address: String) : SenderVerdict()

    /** The From field does not hold exactly one address, or there isn't exactly one From field. */
    public data object NotOneAddress : SenderVerdict()
}

internal fun NativeVerdict.face() =
    Verdict(level, reasons, encryption.face(), signature.face(), signatureCoverage, sender.face(), headers)

private fun NativeEncryptionVerdict.face() = when (this) {
    is NativeEncryptionVerdict.NotEncrypted -> EncryptionVerdict.NotEncrypted
    is NativeEncryptionVerdict.Part -> EncryptionVerdict.Part(encryption)
    is NativeEncryptionVerdict.All -> EncryptionVerdict.All(encryption)
}

private fun NativeSignatureVerdict.face() = when (this) {
    is NativeSignatureVerdict.Unsigned -> SignatureVerdict.Unsigned
    is NativeSignatureVerdict.Valid -> SignatureVerdict.Valid(signer, key, made)
    is NativeSignatureVerdict.UnknownSigner -> SignatureVerdict.UnknownSigner(issuer)
    is NativeSignatureVerdict.Invalid -> SignatureVerdict.Invalid(reason)
}

private fun NativeSenderVerdict.face() = when (this) {
    is NativeSenderVerdict.NotProven -> SenderVerdict.NotProven
    is NativeSenderVerdict.SpokenFor -> SenderVerdict.SpokenFor(address)
    is NativeSenderVerdict.OtherAddress -> SenderVerdict.OtherAddress(address)
    is NativeSenderVerdict.NotOneAddress -> SenderVerdict.NotOneAddress
}
