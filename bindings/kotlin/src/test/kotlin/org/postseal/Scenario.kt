package org.postseal

import java.io.File
import java.util.concurrent.ConcurrentHashMap
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** One of the scenarios that all languages play: what it is given, and what must come of it, with a server made ready for it. */
internal class Scenario(json: JsonObject, val server: TestServer, scope: CoroutineScope) : CoroutineScope by scope {
    val given: JsonObject = json.getValue("given").jsonObject
    val expect = Expectations(json.getValue("expect").jsonObject)

    val alice: String get() = server.address(TestServer.ALICE)
    val bob: String get() = server.address(TestServer.BOB)
    val asAlice: Credentials get() = server.credentials(TestServer.ALICE)
    val asBob: Credentials get() = server.credentials(TestServer.BOB)

    suspend fun smtp(connector: Connector = server.connector(), who: Credentials = asAlice): SmtpSession =
        SmtpSession.connect(connector, server.smtp, who)

    suspend fun imap(connector: Connector = server.connector(), who: Credentials = asAlice): ImapSession =
        ImapSession.connect(connector, server.imap, who)

    /** Expects of `block` the error that the scenario names, whole. */
    suspend inline fun expectError(crossinline block: suspend () -> Unit): PostsealException {
        val error = assertFailsWith<PostsealException> { block() }
        assertEquals(expect.text("code"), error.code)
        expect["retryable"]?.let { assertEquals(it.jsonPrimitive.boolean, error.isRetryable) }
        expect["session_usable"]?.let { assertEquals(it.jsonPrimitive.boolean, error.isSessionUsable) }
        return error
    }
}

/** What must come of a scenario, and what of it nobody looked at. */
internal class Expectations(private val all: JsonObject) : Map<String, JsonElement> by all {
    private val seen = ConcurrentHashMap.newKeySet<String>()
    val unseen: Set<String> get() = all.keys - seen

    override fun get(key: String): JsonElement? = all[key].also { seen += key }
}

private val scenarios: List<JsonObject> = run {
    val folders = generateSequence(File("").absoluteFile) { it.parentFile }
    val file = folders.map { File(it, "tests/vectors/scenarios.json") }.first { it.exists() }
    Json.parseToJsonElement(file.readText()).jsonObject.getValue("scenarios").jsonArray.map { it.jsonObject }
}

/** Plays the scenario of that name, and looks at all that must come of it, but for what has `noPlace` in this language. */
internal fun play(name: String, noPlace: Set<String> = emptySet(), test: suspend Scenario.() -> Unit): Unit = playPart(name) {
    test()
    assertEquals(noPlace, expect.unseen)
}

/** Plays something else, with what that scenario is given, on a server of its own. Whatever happens, it ends. */
internal fun playPart(name: String, test: suspend Scenario.() -> Unit): Unit = runBlocking {
    val json = scenarios.single { it.text("name") == name }
    TestServer.start().use { server ->
        json.getValue("server").jsonArray.forEach { server.obey(it) }
        withTimeout(90.seconds) { Scenario(json, server, this).test() }
    }
}

internal fun Map<String, JsonElement>.int(name: String): Int = getValue(name).jsonPrimitive.int

internal fun Map<String, JsonElement>.flag(name: String): Boolean = getValue(name).jsonPrimitive.boolean

internal fun Map<String, JsonElement>.texts(name: String): List<String> = getValue(name).jsonArray.map { it.jsonPrimitive.content }

/** Connects with a connector, to a server as it is changed, as somebody. */
internal typealias Connect = suspend (Connector, (Server) -> Server, Credentials) -> Session

/** How to connect by each protocol. */
internal fun Scenario.everyProtocol(): List<Connect> = listOf(
    { connector, change, who -> SmtpSession.connect(connector, change(server.smtp), who) },
    { connector, change, who -> ImapSession.connect(connector, change(server.imap), who) },
    { connector, change, who -> Pop3Session.connect(connector, change(server.pop3), who) },
)

/** The text of a string, and `null` of `null`. */
internal fun JsonElement.textOrNull(): String? = jsonPrimitive.contentOrNull

/** A short message, as it is sent. */
internal fun message(subject: String): ByteArray = "Subject: $subject\r\n\r\nHello.\r\n".toByteArray()
