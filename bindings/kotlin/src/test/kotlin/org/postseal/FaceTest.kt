package org.postseal

import java.io.File
import java.lang.reflect.Modifier
import java.util.concurrent.atomic.AtomicLong
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

/** That the face is whole, and shows no secret. */
class FaceTest {
    /** What the generated code offers and the face does not, and why. */
    private val leftOut = mapOf(
        "CancelToken.cancel" to "a coroutine is cancelled",
        "CancelToken.isCancelled" to "a coroutine is cancelled",
        "FetchStream.next" to "many at once cost less",
        "FetchStream.stop" to "to close the stream does the same",
        "Watch.stop" to "to close the watch does the same",
        "Pop3Retrieval.stop" to "to close the retrieval does the same",
        "MailClient.keyring" to "it is the one that the client was made with",
        "MailWatch.close" to "to let go of the watch ends it, too",
        "silence" to "a JVM waits for the calls that are under way at its end",
        "shutDown" to "a JVM waits for the calls that are under way at its end",
    )

    @Test
    fun nothingIsLeftOutWithoutAReason() {
        val face = File("src/main/kotlin").walk().filter { it.extension == "kt" }.joinToString("\n") { it.readText() }
        val missing = offered().filter { !Regex("""\.${it.substringAfter('.')}\(""").containsMatchIn(face) }
        assertEquals(emptySet(), missing.toSet() - leftOut.keys)
        assertEquals(emptySet(), leftOut.keys - offered().toSet(), "left out, but there is no such thing")
    }

    /** Each function of the generated code, those of objects as `Object.function`. */
    private fun offered(): List<String> {
        val files = File("target/classes/org/postseal/ffi").list().orEmpty().filter { '$' !in it && !it.startsWith("FfiConverter") }
        return files.map { it.removeSuffix(".class") }.filter { it.endsWith("Interface") || it.endsWith("_ffiKt") }.flatMap { name ->
            val methods = Class.forName("org.postseal.ffi.$name").declaredMethods
            val own = methods.filter { Modifier.isPublic(it.modifiers) && '$' !in it.name }
            val prefix = if (name.endsWith("Interface")) name.removeSuffix("Interface") + "." else ""
            // What the generated code has for itself names UniFFI.
            own.map { prefix + it.name }.filter { !it.contains("uniffi", ignoreCase = true) && it != "use" }
        }.distinct()
    }

    @Test
    fun everyCodeHasItsClass() {
        val classes = PostsealException::class.java.declaredClasses.filter { PostsealException::class.java.isAssignableFrom(it) }
        val codes = classes.map { it.simpleName.replace(Regex("(?<=.)[A-Z]")) { letter -> "-" + letter.value }.lowercase() }
        assertEquals(Postseal.errorCodes.toSet(), codes.toSet())
    }

    @Test
    fun anErrorSaysWhatHappenedAndNamesTheField() {
        val error = assertFailsWith<PostsealException.InvalidInput> { parseMailbox("nobody") }
        assertEquals("invalid-input", error.code)
        assertEquals("mailbox", error.field)
        assertTrue(error.message.orEmpty().startsWith("invalid mailbox: "))
        assertFalse(error.isRetryable)
        val connector = Connector()
        val credentials = Credentials.password("alice@example.test", "wonderland")
        for (port in listOf(-1, 65_536)) {
            val server = Server("localhost", port, Security.TLS)
            val refused = assertFailsWith<PostsealException.InvalidInput> {
                runBlocking { SmtpSession.connect(connector, server, credentials) }
            }
            assertEquals("port", refused.field)
        }
    }

    @Test
    fun secretsAreNotShown(): Unit = runBlocking {
        val secret = "correct horse"
        val key = SecretKey.generate(KeyProfile.MODERN, Mailbox("alice@example.test"), secret).key
        val shown = listOf(
            Credentials.password("alice@example.test", secret),
            ClientCertificate("chain", secret),
            TlsOptions(clientCertificate = ClientCertificate("chain", secret)),
            OpenOptions(listOf(secret)),
            PgpOptions(listOf(secret)),
            PgpRecipients(passphrases = listOf(secret)),
            Login(Server("localhost", 993, Security.TLS), Credentials.token("alice@example.test", secret)),
            key,
            key.unlock(secret),
        )
        shown.forEach { assertFalse(secret in it.toString(), it.toString()) }
    }

    @Test
    fun aDraftIsCheckedAndKeepsItsTimes() {
        val date = MessageDate(Instant.parse("2026-02-03T04:05:06Z"), 90)
        val draft = Draft(Mailbox("alice@example.test"), listOf(Mailbox("bob@example.test", "Bob")), "Hello", "Text", date = date)
        val checked = draft.checked()
        assertEquals(date, checked.date)
        assertTrue(checked.messageId.orEmpty().endsWith("@example.test"))
        assertEquals(checked, checked.checked())
        runBlocking { checked.compose() }.use { assertEquals(checked.messageId to "Hello", it.messageId to it.subject) }
        val wrong = assertFailsWith<PostsealException.InvalidInput> { draft.copy(subject = "two\nlines").checked() }
        assertEquals("subject", wrong.field)
    }

    @Test
    fun timeoutsCrossWhole() {
        val kotlin = Timeouts(connect = 3.seconds, token = 2.days)
        val java = Timeouts.of(java.time.Duration.ofSeconds(3), null, null, null, null, java.time.Duration.ofDays(2))
        assertEquals(kotlin, java)
    }

    @Test
    fun messagesAreReadFromTheirBytes() {
        val text = "From: Alice <alice@example.test>, nonsense\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi.\r\n--b\r\n" +
            "Content-Disposition: attachment; filename=a.txt\r\n\r\nA file.\r\n--b--\r\n"
        Message.parse(text.toByteArray()).use { message ->
            assertEquals("Grüße", message.subject)
            assertEquals(listOf(Mailbox("alice@example.test", "Alice")), message.from.mailboxes)
            assertEquals(listOf("nonsense"), message.from.invalid)
            assertEquals("Hi.", message.textBody?.text)
            assertEquals("a.txt", message.attachments.single().fileName)
            assertEquals("A file.", message.attachments.single().data().decodeToString())
            assertEquals(listOf("text/plain", "text/plain"), message.root.children.map { it.mediaType.substringBefore(';') })
            assertTrue(message.root.isClosed)
            assertEquals("b", message.root.parameter("boundary"))
            val file = message.root.children.last()
            assertEquals(message.root.mediaType, file.parent?.mediaType)
            assertEquals(file.raw().decodeToString(), file.rawHeader().decodeToString() + file.rawBody().decodeToString())
            assertEquals(text, message.data().decodeToString())
        }
    }

    @Test
    fun deletionsByPop3AreMarksUntilTheEnd(): Unit = runBlocking {
        TestServer.start().use { server ->
            val alice = server.address(TestServer.ALICE)
            repeat(3) { server.deliver(alice, "Subject: $it\n\nHello.\n") }
            val seen = SeenUids()
            Pop3Session.connect(server.connector(), server.pop3, server.credentials(TestServer.ALICE)).use { session ->
                val listing = session.messages()
                assertEquals(listing, seen.newMessages(listing))
                listing.take(2).forEach { assertTrue(seen.mark(it)) }
                assertEquals(listOf(null, null), session.deleteAll(listing.take(2).map { it.number }))
                assertEquals(1, session.stat().messages)
                assertEquals(Pop3Update.Committed(2), session.quit())
            }
            assertEquals(1, server.messages(alice).size)
            assertEquals(2, SeenUids(seen.save()).count)
        }
    }

    @Test
    fun aFetchTellsHowFarItHasCome(): Unit = runBlocking {
        TestServer.start().use { server ->
            server.deliver(server.address(TestServer.ALICE), "Subject: long\n\n" + "A line of it.\n".repeat(20_000))
            ImapSession.connect(server.connector(), server.imap, server.credentials(TestServer.ALICE)).use { session ->
                val told = AtomicLong()
                val all = session.select("INBOX").all
                val fetched = session.fetch("INBOX", all, FetchItems(whole = true), progress = { done, _ -> told.set(done) }).toList()
                val size = fetched.single().whole!!.size
                assertTrue(told.get() >= size, "${told.get()} bytes of $size were told of")
            }
        }
    }

    /** `TODO()` throws an error, and no exception. */
    @Test
    fun aProviderThatIsNotWrittenYetEndsTheLogin(): Unit = runBlocking {
        TestServer.start().use { server ->
            val who = Credentials.tokenProvider(server.address(TestServer.ALICE)) { TODO("ask the person") }
            val error = assertFailsWith<PostsealException.InvalidInput> { ImapSession.connect(server.connector(), server.imap, who) }
            assertEquals("token", error.field)
            assertContains(error.message.orEmpty(), "ask the person")
        }
    }

    @Test
    fun aLostConnectionDoesNotEndTheMailClientsWatch() = playPart("idle_wakes") {
        client(alice, asAlice, Keyring()).use { client ->
            client.watch().use { watch ->
                server.obey("cut")
                server.deliver(alice, given.text("message"))
                val arrived = assertIs<MailboxChange.Arrived>(watch.changes.first())
                assertEquals("wake up", arrived.messages.single().subject)
            }
        }
    }

    @Test
    fun whoWaitsForAWatchIsToldOfItsEnd() = playPart("idle_wakes") {
        imap().use { session ->
            val watch = session.watch("INBOX")
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { watch.changes.toList() }
            watch.close()
            assertEquals(emptyList(), waiting.await())
            session.noop()
        }
        client(alice, asAlice, Keyring()).use { client ->
            val watch = client.watch()
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { watch.changes.toList() }
            repeat(2) { watch.close() }
            assertEquals(emptyList(), waiting.await())
        }
    }
}
