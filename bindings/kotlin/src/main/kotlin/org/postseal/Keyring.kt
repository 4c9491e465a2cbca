package org.postseal

import org.postseal.ffi.Keyring as NativeKeyring

/**
 * The certificates and secret keys at hand. What stands in it is believed: a certificate that is added speaks for the addresses in its user
 * IDs, so whether to add one is the app's decision.
 *
 * It may be changed at any time and from any thread; a call that is under way goes on with what was there when it began.
 */
public class Keyring internal constructor(internal val native: NativeKeyring) {
    /** An empty keyring. */
    public constructor() : this(NativeKeyring())

    /** All certificates, in the order of their fingerprints. */
    public val certificates: List<Certificate> get() = native.certificates().map(::Certificate)

    /** The secret keys that are ready for use, in the order of their fingerprints. */
    public val unlockedKeys: List<UnlockedKey> get() = native.unlockedKeys().map(::UnlockedKey)

    /** The secret keys that have to be unlocked before use, in the order of their fingerprints. */
    public val lockedKeys: List<SecretKey> get() = native.lockedKeys().map(::SecretKey)

    /** Adds a certificate, or merges it with the version that is there. */
    public fun add(certificate: Certificate): Unit = native.addCertificate(certificate.native)

    /** Adds a secret key and its certificate. One without a passphrase is ready for use; another one is once it is [unlocked][unlock]. */
    public fun add(key: SecretKey): Unit = key.handle.call { native.addSecretKey(it) }

    /** Adds a secret key that is ready for use, and its certificate. */
    public fun add(key: UnlockedKey): Unit = key.handle.call { native.addUnlockedKey(it) }

    /**
     * Unlocks the secret key with this fingerprint; one that is ready for use stays so.
     *
     * @throws PostsealException.WrongPassphrase
     * @throws PostsealException.KeyMissing when there is no such key.
     */
    public suspend fun unlock(fingerprint: String, passphrase: String): Unit = awaited { native.unlock(fingerprint, passphrase) }

    /**
     * Removes a certificate, with its secret key where there is one. Returns whether it was there.
     *
     * @throws PostsealException.InvalidInput where it is no fingerprint.
     */
    @Throws(PostsealException::class)
    public fun remove(fingerprint: String): Boolean = native { native.remove(fingerprint) }

    /**
     * The certificate with this fingerprint (of its primary key).
     *
     * @throws PostsealException.InvalidInput where it is no fingerprint.
     */
    @Throws(PostsealException::class)
    public fun certificate(fingerprint: String): Certificate? = native { native.certificate(fingerprint) }?.let(::Certificate)

    /**
     * The certificates that have a key, primary or subkey, of this fingerprint or key ID. By key ID there may be several.
     *
     * @throws PostsealException.InvalidInput where it is neither.
     */
    @Throws(PostsealException::class)
    public fun byHandle(handle: String): List<Certificate> = native { native.byHandle(handle) }.map(::Certificate)

    /**
     * The certificates that speak for an address, the best first.
     *
     * @throws PostsealException.InvalidInput where it is no address.
     */
    @Throws(PostsealException::class)
    public fun byAddress(address: String): List<Certificate> = native { native.byAddress(address) }.map(::Certificate)

    /**
     * The certificate to encrypt to for an address; `null` where there is none that can be used.
     *
     * @throws PostsealException.InvalidInput where it is no address.
     */
    @Throws(PostsealException::class)
    public fun encryptionCertificate(address: String): Certificate? =
        native { native.encryptionCertificate(address) }?.let(::Certificate)

    /**
     * The secret key to sign with as an address.
     *
     * @throws PostsealException.KeyMissing where there is none, or it is locked or unusable.
     * @throws PostsealException.InvalidInput where it is no address.
     */
    @Throws(PostsealException::class)
    public fun signingKey(address: String): UnlockedKey = UnlockedKey(native { native.signingKey(address) })

    override fun toString(): String =
        "Keyring(${certificates.size} certificates, ${unlockedKeys.size} unlocked keys, ${lockedKeys.size} locked keys)"
}
