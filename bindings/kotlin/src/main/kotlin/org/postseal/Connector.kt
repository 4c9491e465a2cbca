package org.postseal

import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import org.postseal.ffi.ClientCertificate as NativeClientCertificate
import org.postseal.ffi.Connector as NativeConnector
import org.postseal.ffi.Timeouts as NativeTimeouts
import org.postseal.ffi.TlsOptions as NativeTlsOptions

/** Where a server listens, and how TLS begins there. The certificate must be for its host, a domain name or an IP address. */
public typealias Server = org.postseal.ffi.Server

/**
 * How TLS begins: from the first byte, or after a short exchange in the clear (STARTTLS), which never falls back. There is no third way.
 */
public typealias Security = org.postseal.ffi.Security

/** A TLS protocol version. */
public typealias TlsVersion = org.postseal.ffi.TlsVersion

/** What a finished TLS handshake agreed on. */
public typealias TlsInfo = org.postseal.ffi.TlsInfo

/** Where the trusted roots came from. */
public typealias TrustSource = org.postseal.ffi.TrustSource

/** Why a certificate was refused. */
public typealias CertificateReason = org.postseal.ffi.CertificateReason

/** A certificate that was not trusted: all that an app needs to show it, and to offer a pin. */
public typealias CertificateFault = org.postseal.ffi.CertificateFault

/** One certificate of a TLS server, as it can be shown to a person. */
public typealias CertificateInfo = org.postseal.ffi.CertificateInfo

/** The key of a host, named by the SHA-256 hash of its SubjectPublicKeyInfo: 64 hexadecimal digits. */
public typealias HostKey = org.postseal.ffi.HostKey

/**
 * What is trusted, and what the client shows of itself. The default trusts what the operating system trusts.
 *
 * Verification can't be switched off: a private server is reached by adding its root or pinning its key.
 *
 * @property roots roots to trust, as PEM, beside the operating system's.
 * @property onlyGivenRoots trusts the given roots, and no others.
 * @property trustedKeys keys by which a host is trusted whatever its certificate says, after a person compared the hash.
 * @property requiredKeys keys that the certificate of a host must have besides all else.
 * @property clientCertificate a certificate to present to servers that ask for one.
 * @property minVersion the oldest version of TLS to accept.
 */
public data class TlsOptions @JvmOverloads constructor(
    val roots: List<String> = emptyList(),
    val onlyGivenRoots: Boolean = false,
    val trustedKeys: List<HostKey> = emptyList(),
    val requiredKeys: List<HostKey> = emptyList(),
    val clientCertificate: ClientCertificate? = null,
    val minVersion: TlsVersion = TlsVersion.TLS12,
) {
    internal fun native() = NativeTlsOptions(
        roots = roots,
        onlyGivenRoots = onlyGivenRoots,
        trustedKeys = trustedKeys,
        requiredKeys = requiredKeys,
        clientCertificate = clientCertificate?.native(),
        minVersion = minVersion,
    )
}

/**
 * A certificate of the client's own, with its private key; both as PEM. It never shows the key.
 *
 * @property chain the certificate and those that vouch for it.
 */
public class ClientCertificate(public val chain: String, private val key: String) {
    internal fun native() = NativeClientCertificate(chain, key)

    override fun toString(): String = "ClientCertificate(…)"
}

/**
 * How long to wait for what. Each counts the time in which no byte moves, never the length of a transfer; `null` stands for the default.
 *
 * @property connect for a connection to be made (30 seconds).
 * @property handshake for the TLS handshake (30 seconds).
 * @property progress for the next byte of a reply, or until the peer takes the next one (60 seconds).
 * @property finalReply for the reply after a message was handed over (10 minutes): a shorter one causes messages to be sent twice.
 * @property close for a farewell (5 seconds).
 * @property token for a [TokenProvider] to answer (60 seconds).
 */
public data class Timeouts(
    val connect: Duration? = null,
    val handshake: Duration? = null,
    val progress: Duration? = null,
    val finalReply: Duration? = null,
    val close: Duration? = null,
    val token: Duration? = null,
) {
    internal fun native() = NativeTimeouts(
        connect = connect?.toJavaDuration(),
        handshake = handshake?.toJavaDuration(),
        progress = progress?.toJavaDuration(),
        finalReply = finalReply?.toJavaDuration(),
        close = close?.toJavaDuration(),
        token = token?.toJavaDuration(),
    )

    public companion object {
        /** For Java, which has no [Duration]: the same with its own. */
        @JvmStatic
        public fun of(
            connect: java.time.Duration?,
            handshake: java.time.Duration?,
            progress: java.time.Duration?,
            finalReply: java.time.Duration?,
            close: java.time.Duration?,
            token: java.time.Duration?,
        ): Timeouts = Timeouts(
            connect?.toKotlinDuration(),
            handshake?.toKotlinDuration(),
            progress?.toKotlinDuration(),
            finalReply?.toKotlinDuration(),
            close?.toKotlinDuration(),
            token?.toKotlinDuration(),
        )
    }
}

/**
 * Opens connections: what is trusted, the deadlines, and who is told what its sessions do. It holds the store of resumable TLS sessions, so
 * one is made and kept.
 *
 * @throws PostsealException.InvalidInput where a root, a pin or the client certificate can't be used.
 */
public class Connector
@Throws(PostsealException::class)
@JvmOverloads
constructor(tls: TlsOptions = TlsOptions(), timeouts: Timeouts = Timeouts(), log: LogSink? = null) {
    internal val native = native { NativeConnector(tls.native(), timeouts.native(), log?.native()) }

    /** Where the trusted roots came from. */
    public val trustSource: TrustSource get() = native.trustSource()
}
