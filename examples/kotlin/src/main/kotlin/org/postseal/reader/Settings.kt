package org.postseal.reader

import java.nio.file.Path
import java.util.Properties
import kotlin.io.path.bufferedReader
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import org.postseal.Account
import org.postseal.Certificate
import org.postseal.Connector
import org.postseal.Credentials
import org.postseal.Keyring
import org.postseal.Login
import org.postseal.MailClient
import org.postseal.Mailbox
import org.postseal.PostsealException
import org.postseal.SecretKey
import org.postseal.Security
import org.postseal.Server
import org.postseal.TlsOptions

/** What is asked for when it is not in the environment: it never stands in the settings, nor among the arguments. */
fun interface Secrets {
    fun ask(variable: String, prompt: String): String
}

/**
 * An account, as a file of `name = value` describes it:
 *
 * ```
 * address = alice@example.org
 * name    = Alice
 * imap    = imap.example.org:993
 * smtp    = smtp.example.org:465
 * keys    = keys                   # a folder of armored certificates and secret keys, beside this file
 * roots   = private-ca.pem         # only for a server of one's own
 * ```
 */
class Settings(private val file: Path) {
    private val values = Properties().apply { file.bufferedReader().use(::load) }

    val mailbox: Mailbox get() = Mailbox(value("address"), values.getProperty("name"))

    /** A client for the account, with every key that is at hand. */
    suspend fun client(secrets: Secrets): MailClient {
        val login = Credentials.password(mailbox.address, secrets.ask("MAIL_PASSWORD", "Password of ${mailbox.address}: "))
        val account = Account(mailbox, Login(server("smtp"), login), Login(server("imap"), login))
        return MailClient(Connector(tls()), account, keyring(secrets))
    }

    private fun tls(): TlsOptions =
        values.getProperty("roots")?.let { TlsOptions(roots = listOf(file.resolveSibling(it).readText())) } ?: TlsOptions()

    private fun server(name: String): Server {
        val (host, port) = value(name).split(":", limit = 2)
        return Server(host, port.toInt(), Security.TLS)
    }

    private suspend fun keyring(secrets: Secrets): Keyring {
        val keyring = Keyring()
        for (path in file.resolveSibling(value("keys")).listDirectoryEntries("*.asc")) {
            val data = path.readBytes()
            Certificate.importAll(data).forEach(keyring::add)
            try {
                SecretKey.importAll(data).forEach(keyring::add)
            } catch (_: PostsealException.KeyMissing) {
                // Only certificates are in this file.
            }
        }
        for (key in keyring.lockedKeys) {
            keyring.unlock(key.fingerprint, secrets.ask("MAIL_PASSPHRASE", "Passphrase of ${key.certificate}: "))
        }
        return keyring
    }

    private fun value(name: String) = requireNotNull(values.getProperty(name)) { "$file: $name is missing" }
}
