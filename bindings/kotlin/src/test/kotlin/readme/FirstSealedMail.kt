package readme

import java.nio.file.Path
import kotlin.io.path.readBytes
import org.postseal.*

suspend fun sendFirstSealedMail(connector: Connector, smtp: Server, login: Credentials, folder: Path): SendReport {
    val keyring = Keyring()
    keyring.add(SecretKey.import(folder.resolve("alice-secret.asc").readBytes()))
    keyring.unlock(keyring.lockedKeys.single().fingerprint, "correct horse battery")
    keyring.add(Certificate.import(folder.resolve("bob.asc").readBytes()))
    val alice = Mailbox("alice@example.test", "Alice")
    val account = Account(alice, submission = Login(smtp, login))
    val draft = Draft(alice, to = listOf(Mailbox("bob@example.test")), subject = "First", text = "Sealed, and sent.")
    return MailClient(connector, account, keyring).use { it.send(draft) }
}
