package org.postseal.reader

import java.nio.file.Path
import kotlin.io.path.createDirectory
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlin.io.path.writeText
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import org.junit.jupiter.api.io.TempDir
import org.postseal.Attachment
import org.postseal.Draft
import org.postseal.KeyProfile
import org.postseal.Mailbox
import org.postseal.Protection
import org.postseal.SecretKey

/** The program, as a person runs it, against the server in memory. */
class ReaderTest {
    @TempDir
    lateinit var folder: Path

    private val secrets = Secrets { variable, _ -> if (variable == "MAIL_PASSWORD") password else PASSPHRASE }
    private lateinit var password: String

    /** Has the server do something, as one line of JSON says. */
    private lateinit var obey: (String) -> Unit

    @Test
    fun sealedMailIsListedReadSavedAndWatched(): Unit = withServer {
        Settings(account).client(secrets).use { client ->
            val notes = Attachment("Bring tea.".toByteArray(), "notes.txt", "text/plain")
            val own = client.account.mailbox
            val more = Attachment("Or coffee.".toByteArray(), "notes.txt", "text/plain")
            client.send(Draft(own, listOf(own), "A secret", "Meet at noon.", attachments = listOf(notes, more)))
            client.disconnect()
        }

        val listed = ran("list")
        assertContains(listed, "1* ")
        assertFalse("A secret" in listed)

        val read = ran("read", "1")
        listOf("++ sealed", "Subject: A secret", "Meet at noon.", "[notes.txt, 10 bytes]").forEach { assertContains(read, it) }
        assertContains(ran("list"), "1  ")

        val saved = ran("save", "1", folder.toString())
        assertTrue(saved.startsWith("++ sealed\n"), saved)
        assertEquals("Bring tea.", folder.resolve("notes.txt").readText())
        assertEquals("Or coffee.", folder.resolve("notes (2).txt").readText())
        ran("save", "1", folder.toString())
        assertEquals("Bring tea.", folder.resolve("notes (3).txt").readText())
    }

    @Test
    fun aMessageCannotWriteOverItsVerdict(): Unit = withServer {
        deliver("From: mallory@example.test\nSubject: look\n\n\u001b[9A\u001b[2K++ sealed\u009b2K\r\n\tAnd a tab.\n")
        val read = ran("read", "1")
        assertContains(read, "-- plain")
        assertContains(read, "\n[9A[2K++ sealed2K\n\tAnd a tab.\n")
    }

    @Test
    fun nothingIsSavedOfASuspiciousMessage(): Unit = withServer {
        Settings(account).client(secrets).use { client ->
            val own = client.account.mailbox
            val draft = Draft(own, listOf(own), attachments = listOf(Attachment("A trap.".toByteArray(), "trap.txt")))
            val signed = client.seal(draft, Protection.SIGN).use { it.copies.single().data().decodeToString() }
            deliver(signed.replaceFirst("trap.txt", "tram.txt").replace("\r\n", "\n"))
            client.disconnect()
        }
        val out = StringBuilder()
        assertEquals(1, run(listOf(account.toString(), "save", "1", folder.toString()), secrets, out))
        assertTrue(out.startsWith("!! suspicious\n"), out.toString())
        assertTrue(out.endsWith("nothing was saved\n"), out.toString())
        assertFalse(folder.resolve("tram.txt").exists())
    }

    @Test
    fun whatDidNotGoToEverybodyHasFailed(): Unit = withServer {
        obey("""{"do": "fault", "protocol": "smtp", "instead_of": "RCPT", "effect": "refuse", "text": "550 5.1.1 nobody of that name"}""")
        val out = StringBuilder()
        Settings(account).client(secrets).use { client ->
            assertFailsWith<IllegalArgumentException> { Reader(client, out).send(client.account.mailbox.address, "News", "Lost.") }
        }
        assertEquals("", out.toString())
    }

    @Test
    fun whatArrivesIsShown(): Unit = withServer {
        val out = StringBuilder()
        Settings(account).client(secrets).use { client ->
            withTimeout(60.seconds) {
                val watching = async { Reader(client, out).watch(most = 1) }
                while ("watching" !in out) delay(10.milliseconds)
                Reader(client, StringBuilder()).send(client.account.mailbox.address, "News", "Just in.")
                watching.await()
            }
            client.disconnect()
        }
        listOf("++ sealed", "Subject: News", "Just in.").forEach { assertContains(out, it) }
    }

    @Test
    fun whatFailsIsSaidAndNoSecretWithIt(): Unit = withServer {
        val out = StringBuilder()
        val wrong = Secrets { variable, _ -> if (variable == "MAIL_PASSWORD") "not-the-password" else PASSPHRASE }
        assertEquals(1, run(listOf(account.toString(), "list"), wrong, out))
        assertTrue(out.startsWith("login-refused: "))
        assertFalse("not-the-password" in out)

        assertEquals(1, run(listOf(account.toString(), "read", "7"), secrets, out.apply { clear() }))
        assertEquals("there is no message 7\n", out.toString())

        assertEquals(2, run(listOf(account.toString(), "juggle"), secrets, out.apply { clear() }))
        assertTrue(out.startsWith("Reads mail, sealed or not."))
    }

    private val account: Path get() = folder.resolve("account.properties")

    private fun ran(vararg words: String): String {
        val out = StringBuilder()
        assertEquals(0, run(listOf(account.toString()) + words, secrets, out), out.toString())
        return out.toString()
    }

    /** Starts the server, writes the settings of an account on it, and makes its key. */
    private fun withServer(test: suspend kotlinx.coroutines.CoroutineScope.() -> Unit): Unit = runBlocking {
        val program = checkNotNull(System.getenv("POSTSEAL_TEST_SERVER")) { "POSTSEAL_TEST_SERVER has to name a program" }
        val process = ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        try {
            val answers = process.inputReader()
            val hello = Json.parseToJsonElement(answers.readLine()).jsonObject
            val alice = hello.getValue("users").jsonArray.first().jsonObject
            password = alice.text("password")
            val keys = folder.resolve("keys").createDirectory()
            val key = SecretKey.generate(KeyProfile.MODERN, Mailbox(alice.text("address")), PASSPHRASE).key
            keys.resolve("alice.asc").writeText(key.exportArmored())
            folder.resolve("ca.pem").writeText(hello.text("ca"))
            val servers = listOf("imap", "smtp").joinToString("\n") { name ->
                "$name = ${hello.text("host")}:${hello.getValue(name).jsonObject.text("tls")}"
            }
            account.writeText("address = ${alice.text("address")}\nname = Alice\nkeys = keys\nroots = ca.pem\n$servers\n")
            obey = { command ->
                process.outputStream.write("$command\n".toByteArray())
                process.outputStream.flush()
                val answer = answers.readLine()
                check("error" !in answer) { "$command: $answer" }
            }
            test()
        } finally {
            process.outputStream.close()
            process.waitFor()
        }
    }

    /** Puts a message into the inbox. */
    private fun deliver(message: String) = obey(
        buildJsonObject {
            put("do", "deliver")
            put("user", "alice@example.test")
            put("message", message)
        }.toString(),
    )

    private fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.content

    private companion object {
        const val PASSPHRASE = "correct horse battery"
    }
}
