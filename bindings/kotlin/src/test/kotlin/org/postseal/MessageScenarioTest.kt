package org.postseal

import java.nio.file.Files
import java.nio.file.Path
import java.util.Base64
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** The scenarios about messages, keys and the mail client. */
class MessageScenarioTest {
    @Test
    fun fetchAndOpen() = play("fetch_and_open") {
        val keys = keys(alice, bob)
        val draft = Draft(Mailbox(alice), given.texts("to").map { Mailbox(it) }, given.text("subject"), given.text("text"))
        smtp().use { session ->
            seal(draft, keys).copies.forEach { assertTrue(session.send(it).isSentToAll) }
        }
        imap(who = asBob).use { session ->
            val uid = session.search("INBOX", Search.all()).single()
            val fetched = session.message("INBOX", uid)
            assertEquals(expect.text("outer_subject"), fetched.subject)
            val opened = open(fetched, keys)
            assertEquals(expect.text("level"), opened.verdict.level.name.lowercase())
            assertEquals(expect.texts("reasons"), opened.verdict.reasons.map { it.id })
            assertEquals(given.text("subject"), opened.message.subject)
            assertEquals(given.text("text"), opened.message.textBody?.text?.replace("\r\n", "\n"))
        }
    }

    @Test
    fun tamperedMessage() = play("tampered_message") {
        val keys = keys(alice, bob)
        val sealed = seal(Draft(Mailbox(alice), listOf(Mailbox(bob)), text = given.text("text")), keys)
        val lines = sealed.copies.single().data().decodeToString().split("\r\n").toMutableList()
        val begin = lines.indexOf("-----BEGIN PGP MESSAGE-----")
        val middle = (begin + lines.indexOf("-----END PGP MESSAGE-----")) / 2
        lines[middle] = (if (lines[middle].first() == 'A') "B" else "A") + lines[middle].drop(1)
        val changed = Message.parse(lines.joinToString("\r\n").toByteArray())
        assertIs<PostsealException.Tampered>(expectError { open(changed, keys) })
    }

    @Test
    fun wrongPassphrase() = play("wrong_passphrase") {
        val (right, wrong) = listOf(given.text("passphrase"), given.text("wrong"))
        val key = SecretKey.generate(profile(), Mailbox(alice), right).key
        val error = assertIs<PostsealException.WrongPassphrase>(expectError { key.unlock(wrong) })
        listOf(right, wrong).forEach { assertFalse(it in error.toString()) }
        key.unlock(right).use { assertEquals(key.fingerprint, it.fingerprint) }
    }

    @Test
    fun attachmentOf25MbByPath(@TempDir folder: Path) = play("attachment_of_25_mb_by_path") {
        val keys = keys(alice, bob)
        val original = folder.resolve(given.text("file_name"))
        writeBytes(original, given.int("bytes"))
        val draft = Draft(Mailbox(alice), listOf(Mailbox(bob)), attachments = listOf(Attachment.read(original)))
        val heard = ConcurrentLinkedQueue<Pair<Long, Long?>>()
        smtp().use { session ->
            seal(draft, keys).copies.single().use { copy ->
                assertTrue(session.send(copy, progress = { done, total -> heard += done to total }).isSentToAll)
                assertEquals(copy.size to copy.size, heard.last())
            }
        }
        imap(who = asBob).use { session ->
            val fetched = session.message("INBOX", session.search("INBOX", Search.all()).single())
            val opened = open(fetched, keys)
            assertEquals(expect.text("level"), opened.verdict.level.name.lowercase())
            val attachment = opened.message.attachments.single()
            assertEquals(expect.text("file_name"), attachment.fileName)
            assertEquals(expect.int("bytes").toLong(), attachment.size)
            val saved = folder.resolve("saved")
            attachment.save(saved)
            assertEquals(-1, Files.mismatch(original, saved))
            assertFailsWith<PostsealException.AlreadyExists> { attachment.save(saved) }
        }
    }

    @Test
    fun firstSealedMail() = play("first_sealed_mail") {
        val keys = keys(alice, bob)
        client(alice, asAlice, keys).use { client ->
            val draft = Draft(Mailbox(alice), given.texts("to").map { Mailbox(it) }, given.text("subject"), given.text("text"))
            val report = client.send(draft)
            assertEquals(expect.flag("is_sent_to_all"), report.isSentToAll)
            val own = report.ownCopy
            assertEquals(expect.text("own_copy"), own.javaClass.simpleName.lowercase())
            assertEquals(expect.text("own_mailbox"), assertIs<OwnCopy.Filed>(own).mailbox)
            client.disconnect()
        }
        client(bob, asBob, keys).use { client ->
            val inbox = client.inbox()
            assertEquals(expect.int("inbox"), inbox.size)
            assertEquals(expect.text("outer_subject"), inbox.single().subject)
            val opened = client.open(inbox.single().handle)
            assertEquals(expect.text("level"), opened.verdict.level.name.lowercase())
            assertEquals(given.text("subject"), opened.message.subject)
            assertEquals(given.text("text"), opened.message.textBody?.text?.replace("\r\n", "\n"))
            client.disconnect()
        }
    }

    @Test
    fun logSinkSeesNoSecret() = play("log_sink_sees_no_secret") {
        val lines = ConcurrentLinkedQueue<LogEvent>()
        val failedBefore = Postseal.failedCallbacks
        for (sink in listOf(LogSink { lines += it }, LogSink { error("the sink throws") })) {
            val connector = Connector(TlsOptions(listOf(server.ca), onlyGivenRoots = true), log = sink)
            for (connect in everyProtocol()) {
                expectRefusal { connect(connector, { it }, Credentials.password(alice, given.text("password"))) }
                connect(connector, { it }, asAlice).use { it.disconnect() }
            }
            smtp(connector).use { session ->
                val message = "Subject: a secret\r\n\r\n${given.text("text")}\r\n".toByteArray()
                assertTrue(session.send(Envelope(alice, given.texts("to")), message).isSentToAll)
                session.disconnect()
            }
        }
        assertTrue(lines.size >= expect.int("lines_at_least"))
        assertEquals(Protocol.entries.toSet(), lines.mapTo(HashSet()) { it.protocol })
        assertTrue(Postseal.failedCallbacks > failedBefore)
        val all = lines.joinToString("\n")
        for (secret in listOf(given.text("password"), server.password(TestServer.ALICE), given.text("text"))) {
            val encoded = Base64.getEncoder().encodeToString(secret.toByteArray())
            listOf(secret, encoded).forEach { assertFalse(it in all, it) }
        }
    }

    private suspend fun expectRefusal(block: suspend () -> Unit) {
        assertFailsWith<PostsealException.LoginRefused> { block() }
    }
}

/** The keys of these people, all ready for use. */
internal suspend fun Scenario.keys(vararg owners: String): Keyring = Keyring().apply {
    owners.forEach { add(SecretKey.generate(profile(), Mailbox(it)).key) }
}

internal fun Scenario.profile(): KeyProfile = KeyProfile.valueOf(given.text("profile").uppercase())

internal fun Scenario.client(address: String, who: Credentials, keys: Keyring): MailClient =
    MailClient(server.connector(), Account(Mailbox(address), Login(server.smtp, who), Login(server.imap, who)), keys)

/** A file of so many bytes that do not compress to nothing. */
internal fun writeBytes(path: Path, count: Int) {
    val piece = ByteArray(1 shl 16) { (it * 31 + (it shr 8)).toByte() }
    Files.newOutputStream(path).use { file ->
        repeat(count / piece.size) { file.write(piece) }
        file.write(piece, 0, count % piece.size)
    }
}
