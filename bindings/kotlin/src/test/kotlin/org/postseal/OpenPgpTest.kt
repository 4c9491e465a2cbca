package org.postseal

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicLong
import kotlin.io.path.exists
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.io.TempDir

/** Keys, and OpenPGP on data that is no mail. */
class OpenPgpTest {
    private val owner = Mailbox("alice@example.test", "Alice")
    private val made = runBlocking { SecretKey.generate(KeyProfile.MODERN, owner) }
    private val unlocked = made.key.unlockUnprotected()
    private val keyring = Keyring().apply { add(made.key) }
    private val data = "Nobody else can read this.".toByteArray()

    @Test
    fun keysSurviveStorage(): Unit = runBlocking {
        val locked = unlocked.lock("correct horse")
        assertTrue(locked.isProtected)
        val stored = SecretKey.import(locked.export())
        val ring = Keyring().apply { add(stored) }
        assertEquals(listOf(stored.fingerprint), ring.lockedKeys.map { it.fingerprint })
        assertFailsWith<PostsealException.WrongPassphrase> { ring.unlock(stored.fingerprint, "battery staple") }
        ring.unlock(stored.fingerprint, "correct horse")
        assertEquals(stored.fingerprint, ring.signingKey(owner.address).fingerprint)
        assertTrue(ring.remove(stored.fingerprint))
        assertEquals(emptyList(), ring.certificates)

        stored.unlock("correct horse", maxMemory = 1L shl 28).use { assertEquals(stored.fingerprint, it.fingerprint) }
        assertFailsWith<PostsealException.InvalidInput> { made.key.export() }
        val changed = stored.changePassphrase("correct horse", "battery staple")
        assertEquals(stored.fingerprint, SecretKey.importAll(changed.exportArmored().toByteArray()).single().fingerprint)
    }

    @Test
    fun certificatesTellWhoseTheyAre() {
        val certificate = Certificate.import(made.key.certificate.exportArmored().toByteArray())
        assertEquals(6, certificate.version)
        assertEquals(owner.address, certificate.userIds.single().address)
        assertTrue(certificate.speaksFor(owner.address) && certificate.canEncrypt && certificate.canSign)
        assertNull(certificate.expires)
        assertNull(certificate.unusable)
        val revoked = certificate.revoke(RevocationCertificate.import(made.revocation.export()))
        assertTrue(revoked.isRevoked && certificate.merge(revoked).isRevoked)
        assertEquals(listOf(certificate.fingerprint), keyring.byHandle(certificate.keyFingerprints.last()).map { it.fingerprint })
        assertEquals(listOf(certificate.fingerprint), keyring.byAddress(owner.address).map { it.fingerprint })
    }

    @Test
    fun dataIsEncryptedAndSigned() {
        val encrypted = OpenPgp.encrypt(data, PgpRecipients(listOf(made.key.certificate), listOf("a passphrase"), unlocked))
        val byPassphrase = OpenPgp.decrypt(encrypted, publicOnly(), PgpOptions(listOf("a passphrase")))
        for (decrypted in listOf(OpenPgp.decrypt(encrypted, keyring), byPassphrase)) {
            assertContentEquals(data, decrypted.data)
            assertEquals(made.key.fingerprint, assertIs<SignatureStatus.Good>(decrypted.signatures.single().status).certificate)
        }
        encrypted[encrypted.size - 20] = (encrypted[encrypted.size - 20] + 1).toByte()
        assertFailsWith<PostsealException.Tampered> { OpenPgp.decrypt(encrypted, keyring) }
    }

    @Test
    fun everyProfileSealsAndSigns(): Unit = runBlocking {
        for (profile in KeyProfile.entries) {
            val key = SecretKey.generate(profile, owner, "correct horse").key
            val ring = Keyring().apply { add(key.unlock("correct horse")) }
            val sealed = seal(Draft(owner, listOf(owner), "Hi", "For your eyes only."), ring)
            val opened = open(Message.parse(sealed.copies.single().data()), ring)
            assertEquals(VerdictLevel.SEALED, opened.verdict.level, "$profile")
            assertEquals(if (profile == KeyProfile.COMPATIBLE) 4 else 6, key.certificate.version, "$profile")
        }
    }

    @Test
    fun signaturesAreVerified() {
        val detached = OpenPgp.signDetached(data, unlocked)
        assertIs<SignatureStatus.Good>(OpenPgp.verifyDetached(data, detached, publicOnly()).single().status)
        assertEquals(SignatureStatus.Bad("mismatch"), OpenPgp.verifyDetached(data + 1, detached, publicOnly()).single().status)
        assertEquals(SignatureStatus.UnknownSigner, OpenPgp.verifyDetached(data, detached, Keyring()).single().status)
        assertContentEquals(data, OpenPgp.verifyInline(OpenPgp.signInline(data, unlocked), publicOnly()).data)
        val armored = OpenPgp.signDetached(data, unlocked, armored = true)
        assertTrue(armored.decodeToString().startsWith("-----BEGIN PGP SIGNATURE-----"))
        assertIs<SignatureStatus.Good>(OpenPgp.verifyDetached(data, armored, publicOnly()).single().status)
        val clear = OpenPgp.signCleartext("To be read by all.\n", unlocked)
        assertTrue("To be read by all." in clear)
        assertIs<SignatureStatus.Good>(OpenPgp.verifyInline(clear.toByteArray(), publicOnly()).signatures.single().status)
    }

    @Test
    fun dataComesInPieces() {
        val pieces = List(100) { ByteArray(100_000) { index -> (index * 7 + it).toByte() } }
        Encryptor(PgpRecipients(listOf(made.key.certificate))).use { encryptor ->
            val message = pieces.map(encryptor::write).plusElement(encryptor.finish()).reduce(ByteArray::plus)
            assertContentEquals(pieces.reduce(ByteArray::plus), OpenPgp.decrypt(message, keyring).data)
            assertFailsWith<PostsealException.InvalidInput> { encryptor.finish() }
        }
    }

    @Test
    fun filesAreEncryptedByPath(@TempDir folder: Path): Unit = runBlocking {
        val (plain, sealed, opened) = listOf("plain", "sealed", "opened").map(folder::resolve)
        writeBytes(plain, 3_000_000)
        val told = AtomicLong()
        OpenPgp.encryptFile(plain, sealed, PgpRecipients(listOf(made.key.certificate)), progress = { done, _ -> told.set(done) })
        assertEquals(3_000_000, told.get())
        assertFailsWith<PostsealException.AlreadyExists> {
            OpenPgp.encryptFile(plain, sealed, PgpRecipients(listOf(made.key.certificate)))
        }
        assertEquals(3_000_000, OpenPgp.decryptFile(sealed, opened, keyring).length)
        assertEquals(-1, Files.mismatch(plain, opened))

        val bytes = sealed.readBytes()
        bytes[bytes.size / 2] = (bytes[bytes.size / 2] + 1).toByte()
        sealed.writeBytes(bytes)
        val never = folder.resolve("never")
        assertFailsWith<PostsealException.Tampered> { OpenPgp.decryptFile(sealed, never, keyring) }
        assertFalse(never.exists())
        val missing = assertFailsWith<PostsealException.NotFound> { OpenPgp.decryptFile(never, opened, keyring, overwrite = true) }
        assertEquals(never.toString(), missing.path)
    }

    /** A keyring that knows the certificate and can't decrypt. */
    private fun publicOnly() = Keyring().apply { add(made.key.certificate) }
}
