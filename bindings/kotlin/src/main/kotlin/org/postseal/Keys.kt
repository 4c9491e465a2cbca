package org.postseal

import kotlin.time.Instant
import org.postseal.ffi.Certificate as NativeCertificate
import org.postseal.ffi.RevocationCertificate as NativeRevocationCertificate
import org.postseal.ffi.SecretKey as NativeSecretKey
import org.postseal.ffi.UnlockedKey as NativeUnlockedKey

/** Which kind of key to make: a v4 key that every OpenPGP program reads, or a v6 key of RFC 9580. */
public typealias KeyProfile = org.postseal.ffi.KeyProfile

/** A certificate: the public half of a key, with the user IDs that its holder gave it. */
public class Certificate internal constructor(internal val native: NativeCertificate) {
    /** The fingerprint of the primary key, which is the name of the certificate. */
    public val fingerprint: String get() = native.fingerprint()

    /** The version of the key: 4 or 6. */
    public val version: Int get() = native.version()

    /** The fingerprints of all its keys, the primary one first. */
    public val keyFingerprints: List<String> get() = native.keyFingerprints()

    /** When the primary key was made. */
    public val created: Instant get() = native.created()

    /** When it expires; `null` for never. */
    public val expires: Instant? get() = native.expires()

    /** Whether its holder has revoked it, as far as the signatures that we have say. */
    public val isRevoked: Boolean get() = native.isRevoked()

    /** Why it can't be used for anything, in words; `null` where it can be used. */
    public val unusable: String? get() = native.unusable()

    /** The user IDs that are bound and not revoked, the primary one first. */
    public val userIds: List<UserId> get() = native.userIds()

    /** The algorithms of its keys in words, as in `Ed25519, X25519`. */
    public val algorithms: String get() = native.algorithms()

    /** Whether one can encrypt to it now. */
    public val canEncrypt: Boolean get() = native.canEncrypt()

    /** Whether it has a key that can make signatures now. The secret part is another matter. */
    public val canSign: Boolean get() = native.canSign()

    /** The certificate in binary form. */
    public fun export(): ByteArray = native.export()

    /** The certificate with ASCII armor: text that can go into a message or a file. */
    public fun exportArmored(): String = native.exportArmored()

    /**
     * Whether one of its user IDs has this address (the case of ASCII letters doesn't matter).
     *
     * @throws PostsealException.InvalidInput where it is no address.
     */
    @Throws(PostsealException::class)
    public fun speaksFor(address: String): Boolean = native { native.speaksFor(address) }

    /**
     * This certificate with everything that [other], another version of it, knows.
     *
     * @throws PostsealException.Malformed when [other] is another certificate.
     */
    @Throws(PostsealException::class)
    public fun merge(other: Certificate): Certificate = Certificate(native { native.merge(other.native) })

    /**
     * This certificate, revoked by [revocation].
     *
     * @throws PostsealException.Malformed when the revocation belongs to another certificate, or is not valid.
     */
    @Throws(PostsealException::class)
    public fun revoke(revocation: RevocationCertificate): Certificate = Certificate(native { native.revoke(revocation.native) })

    override fun toString(): String = native.toString()

    public companion object {
        /**
         * Reads one certificate, armored or binary. Secret key material in it is dropped.
         *
         * @throws PostsealException.Malformed when there is none, more than one, or something else.
         * @throws PostsealException.LimitExceeded past 16 MiB.
         */
        @JvmStatic
        @JvmName("importData")
        @Throws(PostsealException::class)
        public fun import(data: ByteArray): Certificate = Certificate(native { NativeCertificate.import(data.direct()) })

        /**
         * Reads all certificates in [data], armored (one block or several) or binary.
         *
         * @throws PostsealException.Malformed when not one could be read.
         * @throws PostsealException.LimitExceeded past 16 MiB.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun importAll(data: ByteArray): List<Certificate> =
            native { org.postseal.ffi.importCertificates(data.direct()) }.map(::Certificate)
    }
}

/** A signature that, once published, says that a certificate must not be used any more. To be kept apart from the key. */
public class RevocationCertificate internal constructor(internal val native: NativeRevocationCertificate) {
    /** The key that it revokes, as far as the signature names it. */
    public val revokes: String? get() = native.revokes()

    /** The revocation certificate in binary form. */
    public fun export(): ByteArray = native.export()

    /** The revocation certificate with ASCII armor, as other programs take it. */
    public fun exportArmored(): String = native.exportArmored()

    override fun toString(): String = "RevocationCertificate(of ${revokes ?: "an unnamed key"})"

    public companion object {
        /**
         * Reads a revocation certificate, armored or binary.
         *
         * @throws PostsealException.Malformed for anything else.
         */
        @JvmStatic
        @JvmName("importData")
        @Throws(PostsealException::class)
        public fun import(data: ByteArray): RevocationCertificate =
            RevocationCertificate(native { NativeRevocationCertificate.import(data.direct()) })
    }
}

/**
 * A new key, and what revokes it.
 *
 * @property key the key.
 * @property revocation to be kept apart from the key: it is the way to say that the key is lost.
 */
@ConsistentCopyVisibility
public data class GeneratedKey internal constructor(val key: SecretKey, val revocation: RevocationCertificate)

/** A secret key as it is stored: with its certificate, and as a rule locked with a passphrase. It never shows a secret. */
public class SecretKey internal constructor(native: NativeSecretKey) : AutoCloseable {
    internal val handle = Handle(native)

    /** The public part. */
    public val certificate: Certificate get() = Certificate(handle.call { it.certificate() })

    /** The fingerprint of the primary key. */
    public val fingerprint: String get() = handle.call { it.fingerprint() }

    /** Whether all secret parts are locked with a passphrase. */
    public val isProtected: Boolean get() = handle.call { it.isProtected() }

    /**
     * The key in binary form, locked with its passphrase.
     *
     * @throws PostsealException.InvalidInput when a part of it has no passphrase: [dangerousExportUnprotected] exports such a key.
     */
    @Throws(PostsealException::class)
    public fun export(): ByteArray = handle.call { it.export() }

    /**
     * The key with ASCII armor, locked with its passphrase.
     *
     * @throws PostsealException.InvalidInput as for [export].
     */
    @Throws(PostsealException::class)
    public fun exportArmored(): String = handle.call { it.exportArmored() }

    /** The key in binary form, whether or not it has a passphrase. Whoever reads an unprotected one can read and sign everything. */
    public fun dangerousExportUnprotected(): ByteArray = handle.call { it.dangerousExportUnprotected() }

    /**
     * The key, ready for use.
     *
     * @param maxMemory the most bytes of memory that the key may have its derivation from the passphrase take; 64 MiB where nothing is
     *   given.
     * @throws PostsealException.WrongPassphrase
     * @throws PostsealException.KeyMissing where the secret parts are not there.
     * @throws PostsealException.LimitExceeded where it would take more memory.
     */
    @JvmOverloads
    public suspend fun unlock(passphrase: String, maxMemory: Long? = null): UnlockedKey = UnlockedKey(
        handle.await { if (maxMemory == null) it.unlock(passphrase) else it.unlockWithin(passphrase, maxMemory) },
    )

    /**
     * The key, ready for use, where it has no passphrase.
     *
     * @throws PostsealException.KeyMissing when a part of it is locked.
     */
    @Throws(PostsealException::class)
    public fun unlockUnprotected(): UnlockedKey = UnlockedKey(handle.call { it.unlockUnprotected() })

    /**
     * The same key, locked with another passphrase.
     *
     * @throws PostsealException.WrongPassphrase when [old] is not its passphrase.
     */
    public suspend fun changePassphrase(old: String, new: String): SecretKey = SecretKey(handle.await { it.changePassphrase(old, new) })

    /** Wipes the key from memory now, and not when the garbage collector finds it. */
    override fun close(): Unit = handle.close()

    override fun toString(): String = handle.callOr("SecretKey(closed)") { it.toString() }

    public companion object {
        /**
         * Makes a key: a primary key that certifies, a subkey that signs, a subkey that encrypts. It doesn't expire.
         *
         * Without a passphrase the secret parts are stored in the clear.
         *
         * @throws PostsealException.InvalidInput where the mailbox is none.
         */
        @JvmStatic
        @JvmOverloads
        public suspend fun generate(profile: KeyProfile, owner: Mailbox, passphrase: String? = null): GeneratedKey {
            // It holds the key as well, so it is closed: else the key would not be wiped when it is closed.
            return awaited { org.postseal.ffi.generateKey(profile, owner, passphrase) }.use {
                GeneratedKey(SecretKey(it.key()), RevocationCertificate(it.revocation()))
            }
        }

        /**
         * Reads one secret key, armored or binary, locked or not.
         *
         * @throws PostsealException.Malformed when there is no key or more than one.
         * @throws PostsealException.KeyMissing for a certificate only.
         */
        @JvmStatic
        @JvmName("importData")
        @Throws(PostsealException::class)
        public fun import(data: ByteArray): SecretKey = SecretKey(native { NativeSecretKey.import(data.direct()) })

        /**
         * Reads all secret keys in [data], armored (one block or several) or binary; certificates without secret parts are left out.
         *
         * @throws PostsealException.Malformed when not one could be read.
         * @throws PostsealException.KeyMissing where there are certificates only.
         */
        @JvmStatic
        @Throws(PostsealException::class)
        public fun importAll(data: ByteArray): List<SecretKey> =
            native { org.postseal.ffi.importSecretKeys(data.direct()) }.map(::SecretKey)
    }
}

/** A secret key ready for use. Its secret parts are kept encrypted in memory while they rest, and are wiped when it is closed. */
public class UnlockedKey internal constructor(native: NativeUnlockedKey) : AutoCloseable {
    internal val handle = Handle(native)

    /** The public part. */
    public val certificate: Certificate get() = Certificate(handle.call { it.certificate() })

    /** The fingerprint of the primary key. */
    public val fingerprint: String get() = handle.call { it.fingerprint() }

    /**
     * The same key, locked with a passphrase, to be stored.
     *
     * @throws PostsealException.KeyMissing when there is nothing to lock.
     */
    public suspend fun lock(passphrase: String): SecretKey = SecretKey(handle.await { it.lock(passphrase) })

    /** The same key to be stored without a passphrase. Whoever reads it can read and sign everything. */
    @Throws(PostsealException::class)
    public fun dangerousUnprotected(): SecretKey = SecretKey(handle.call { it.dangerousUnprotected() })

    /**
     * Makes a new revocation certificate, for a key that came without one.
     *
     * @throws PostsealException.KeyMissing when the secret part of the primary key is not there.
     */
    @Throws(PostsealException::class)
    public fun revocation(): RevocationCertificate = RevocationCertificate(handle.call { it.revocation() })

    /** Wipes the key from memory now, and not when the garbage collector finds it. A keyring keeps its own. */
    override fun close(): Unit = handle.close()

    override fun toString(): String = handle.callOr("UnlockedKey(closed)") { it.toString() }
}
