package org.postseal

import kotlin.time.Duration
import kotlin.time.toKotlinDuration
import org.postseal.ffi.PostsealException as NativeException

/**
 * What went wrong. Match on the class, or on [code]; [message] is for people and may change between versions.
 *
 * One class for each code of docs/errors.md. New ones may be added, so have an `else` branch.
 */
public sealed class PostsealException private constructor(facts: Facts) : Exception(facts.detail) {
    /** The stable code, such as `login-refused`: the same in every language. */
    public val code: String = facts.code

    /** Whether the same call may work later without anything being changed. */
    public val isRetryable: Boolean = facts.retryable

    /** Whether the session that gave this error can be used for the next call. */
    public val isSessionUsable: Boolean = facts.sessionUsable

    /** The caller gave something that can't be used; [field] names it, where one is to blame. Nothing was sent. */
    public class InvalidInput internal constructor(facts: Facts, public val field: String?) : PostsealException(facts)

    /** The server, or this build, does not offer what was asked for; [what] names the extension or the algorithm. */
    public class Unsupported internal constructor(facts: Facts, public val what: String?) : PostsealException(facts)

    /** The server said no, in the words of [refusal]; without one, a policy of OpenPGP did. */
    public class Refused internal constructor(facts: Facts, public val refusal: Refusal?) : PostsealException(facts)

    /** The server refused the credentials, in the words of [refusal]. */
    public class LoginRefused internal constructor(facts: Facts, public val refusal: Refusal?) : PostsealException(facts)

    /** The peer broke the protocol. The session is closed. */
    public class Protocol internal constructor(facts: Facts) : PostsealException(facts)

    /** Something is larger, deeper or more than a named limit allows: [limit], in bytes or items. */
    public class LimitExceeded internal constructor(facts: Facts, public val limit: Long?) : PostsealException(facts)

    /** The TLS handshake failed for another reason than the certificate. */
    public class Tls internal constructor(facts: Facts) : PostsealException(facts)

    /** The server's certificate is not trusted; [fault] has all that an app needs to show it, and to offer a pin. */
    public class Certificate internal constructor(facts: Facts, public val fault: CertificateFault) : PostsealException(facts)

    /** Nothing moved for the length [after] of a deadline, in the step [step]. The session is closed. */
    public class Timeout internal constructor(facts: Facts, public val step: String?, public val after: Duration?) :
        PostsealException(facts)

    /** The name was not found, the connection was refused, or it broke, in the step [step]. The session is closed. */
    public class Network internal constructor(facts: Facts, public val step: String?) : PostsealException(facts)

    /**
     * The operation was given up. What had not begun was not done; what had begun may be carried out behind the scenes. A cancelled
     * coroutine sees a `CancellationException`, and not this.
     */
    public class Cancelled internal constructor(facts: Facts) : PostsealException(facts)

    /** What was called was closed before: as a rule a session; [because] is the code of the failure that closed it, where it was one. */
    public class Closed internal constructor(facts: Facts, public val because: String?) : PostsealException(facts)

    /** The mailbox was rebuilt: its UIDs mean other messages now. The UIDVALIDITY was [expected] and is [actual]. */
    public class UidValidityChanged internal constructor(facts: Facts, public val expected: Long?, public val actual: Long?) :
        PostsealException(facts)

    /** What was to be made is there already, and replacing it was not asked for: the file [path], where it is one. */
    public class AlreadyExists internal constructor(facts: Facts, public val path: String?) : PostsealException(facts)

    /** A file could not be read or written: [path]. */
    public class File internal constructor(facts: Facts, public val path: String?) : PostsealException(facts)

    /** What was asked for is not there: a message, a part, a mailbox, or the file [path]. */
    public class NotFound internal constructor(facts: Facts, public val path: String?) : PostsealException(facts)

    /**
     * A key or certificate that is needed is missing, locked or unusable.
     *
     * @property missing when sealing: everyone without a usable certificate.
     * @property keys when opening: the keys that would do, by fingerprint or key ID.
     * @property takesPassphrase whether a passphrase would do, too.
     */
    public class KeyMissing internal constructor(
        facts: Facts,
        public val missing: List<MissingCertificate>,
        public val keys: List<String>,
        public val takesPassphrase: Boolean,
    ) : PostsealException(facts)

    /** The passphrase does not unlock the key or the message. */
    public class WrongPassphrase internal constructor(facts: Facts) : PostsealException(facts)

    /** Encrypted data was changed or cut, or has no protection of its integrity. Nothing of it was handed out. */
    public class Tampered internal constructor(facts: Facts) : PostsealException(facts)

    /** The data is not what it claims to be. */
    public class Malformed internal constructor(facts: Facts) : PostsealException(facts)

    /** The process was forked after the library was first used. */
    public class Forked internal constructor(facts: Facts) : PostsealException(facts)

    /** A defect in Postseal. Please report it. */
    public class Internal internal constructor(facts: Facts) : PostsealException(facts)

    /** What every error has. */
    internal class Facts(val detail: String, val code: String, val retryable: Boolean, val sessionUsable: Boolean)

    internal companion object {
        /** Of a handle that was let go of. */
        fun closedHere() = Closed(Facts("it was closed before this call", "closed", retryable = true, sessionUsable = false), null)
    }
}

/** An error where it is a value and no exception: of one thing among several, or of what happened behind the scenes. */
public typealias Failure = org.postseal.ffi.Failure

/** The server's "no": its own words, and the codes with them. */
public typealias Refusal = org.postseal.ffi.Refusal

/** The error as apps see it. Where it came from natively says nothing to them, so it is no cause. */
internal fun NativeException.face(): PostsealException {
    val facts = PostsealException.Facts(text(), code(), isRetryable(), keepsSession())
    return when (this) {
        is NativeException.InvalidInput -> PostsealException.InvalidInput(facts, field)
        is NativeException.Unsupported -> PostsealException.Unsupported(facts, what)
        is NativeException.Refused -> PostsealException.Refused(facts, refusal)
        is NativeException.LoginRefused -> PostsealException.LoginRefused(facts, refusal)
        is NativeException.Protocol -> PostsealException.Protocol(facts)
        is NativeException.LimitExceeded -> PostsealException.LimitExceeded(facts, limit)
        is NativeException.Tls -> PostsealException.Tls(facts)
        is NativeException.Certificate -> PostsealException.Certificate(facts, fault)
        is NativeException.Timeout -> PostsealException.Timeout(facts, step, after?.toKotlinDuration())
        is NativeException.Network -> PostsealException.Network(facts, step)
        is NativeException.Cancelled -> PostsealException.Cancelled(facts)
        is NativeException.Closed -> PostsealException.Closed(facts, because)
        is NativeException.UidValidityChanged -> PostsealException.UidValidityChanged(facts, expected, actual)
        is NativeException.AlreadyExists -> PostsealException.AlreadyExists(facts, path)
        is NativeException.File -> PostsealException.File(facts, path)
        is NativeException.NotFound -> PostsealException.NotFound(facts, path)
        is NativeException.KeyMissing -> PostsealException.KeyMissing(facts, missing, keys, takesPassphrase)
        is NativeException.WrongPassphrase -> PostsealException.WrongPassphrase(facts)
        is NativeException.Tampered -> PostsealException.Tampered(facts)
        is NativeException.Malformed -> PostsealException.Malformed(facts)
        is NativeException.Forked -> PostsealException.Forked(facts)
        is NativeException.Internal -> PostsealException.Internal(facts)
    }
}
