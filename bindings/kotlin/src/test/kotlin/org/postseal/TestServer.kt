package org.postseal

import java.io.BufferedReader
import java.io.BufferedWriter
import java.util.Base64
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put

/** One of the programs that serve mail for tests: it says where it listens, takes commands as lines of JSON, and ends with its input. */
internal class TestServer private constructor(program: String) : AutoCloseable {
    private val process = ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val commands: BufferedWriter = process.outputWriter()
    private val answers: BufferedReader = process.inputReader()
    private val hello = Json.parseToJsonElement(checkNotNull(answers.readLine()) { "$program said nothing" }).jsonObject

    val ca: String = hello.text("ca")
    val otherCa: String = hello.text("other_ca")
    val users: List<JsonObject> = hello.getValue("users").jsonArray.map { it.jsonObject }

    val smtp: Server get() = server("smtp", Security.TLS)
    val imap: Server get() = server("imap", Security.TLS)
    val pop3: Server get() = server("pop3", Security.TLS)

    fun server(protocol: String, security: Security): Server {
        val name = if (security == Security.TLS) "tls" else "starttls"
        return Server(hello.text("host"), hello.getValue(protocol).jsonObject.getValue(name).jsonPrimitive.int, security)
    }

    /** What trusts this server's authority, and no other. */
    fun connector(): Connector = connector(progress = 30.seconds)

    fun connector(progress: Duration): Connector =
        Connector(TlsOptions(roots = listOf(ca), onlyGivenRoots = true), Timeouts(progress = progress))

    fun credentials(user: Int): Credentials = Credentials.password(address(user), password(user))

    fun address(user: Int): String = users[user].text("address")

    fun password(user: Int): String = users[user].text("password")

    fun obey(command: JsonElement): JsonObject = synchronized(this) {
        commands.write("$command\n")
        commands.flush()
        val answer = Json.parseToJsonElement(checkNotNull(answers.readLine()) { "the server has ended" }).jsonObject
        check("error" !in answer) { "$command: $answer" }
        answer
    }

    fun obey(name: String, vararg arguments: Pair<String, String>): JsonObject = obey(
        buildJsonObject {
            put("do", name)
            arguments.forEach { (key, value) -> put(key, value) }
        },
    )

    fun deliver(user: String, message: String) {
        obey("deliver", "user" to user, "message" to message)
    }

    /** Has the user log in with this token from now on. */
    fun setToken(user: String, token: String) {
        obey("token", "user" to user, "token" to token)
    }

    /** The messages in the inbox of a user. */
    fun messages(user: String): List<ByteArray> =
        obey("messages", "user" to user).getValue("messages").jsonArray.map { Base64.getDecoder().decode(it.jsonPrimitive.content) }

    /** How often clients have said this. */
    fun heard(text: String): Int = obey("heard", "text" to text).getValue("times").jsonPrimitive.int

    fun openConnections(): Int = obey("connections").getValue("open").jsonPrimitive.int

    override fun close() {
        commands.close()
        process.waitFor()
    }

    companion object {
        const val ALICE = 0
        const val BOB = 1

        /** The server in memory. */
        fun start(): TestServer = TestServer(program("POSTSEAL_TEST_SERVER"))

        /** Dovecot and Postfix, where they are installed. */
        fun startLive(): TestServer = TestServer(program("POSTSEAL_LIVE_SERVER"))

        private fun program(variable: String) =
            checkNotNull(System.getenv(variable)) { "$variable has to name a program; cargo xtask bindings kotlin does that" }
    }
}

internal fun Map<String, JsonElement>.text(name: String): String = getValue(name).jsonPrimitive.content
