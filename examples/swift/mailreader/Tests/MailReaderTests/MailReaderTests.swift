import Foundation
import Postseal
import Testing

/// The program as a person runs it, with a server in memory.
@Suite final class MailReaderTests {
    let folder: URL
    let server: MailServer
    let bob: MailServer.Hello.User

    init() throws {
        server = try MailServer()
        bob = server.hello.users[1]
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(server.hello.ca.utf8).write(to: folder.appendingPathComponent("root.pem"))
        try Data("\(bob.password)\n".utf8).write(to: folder.appendingPathComponent("password"))
        try Data("open sesame\n".utf8).write(to: folder.appendingPathComponent("passphrase"))
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    @Test func aSealedMessageIsListedAndRead() async throws {
        try await deliverSealedMessage()
        let listed = try run("list")
        #expect(listed.status == 0 && listed.output == "1\tnew\tAlice <alice@example.test>\t[...]\n", "\(listed)")

        let saved = folder.appendingPathComponent("saved")
        try FileManager.default.createDirectory(at: saved, withIntermediateDirectories: true)
        let keys = ["--keys", path("bob.asc"), "--keys", path("alice.asc"), "--passphrase-file", path("passphrase")]
        let read = try run("read", "1", "--save", saved.path, options: keys)
        #expect(read.status == 0, "\(read)")
        #expect(read.output.hasPrefix("verdict: sealed\nfrom: Alice <alice@example.test>\nto: bob@example.test\n"), "\(read)")
        #expect(read.output.contains("\nsubject: Tonight\nattachment: map.txt, text/plain, 9 bytes\n\nEight, at the harbour.\n"), "\(read)")
        #expect(try String(contentsOf: saved.appendingPathComponent("map.txt"), encoding: .utf8) == "go south\n")

        let again = try run("read", "1", "--save", saved.path, options: keys)
        #expect(again.status == 1 && again.errors.hasPrefix("mailreader: "), "a file that exists is not touched: \(again)")
    }

    @Test func whatArrivesIsShown() async throws {
        let watching = try start("watch")
        defer { watching.process.terminate() }
        var output = watching.output.fileHandleForReading.availableData
        #expect(String(decoding: output, as: UTF8.self) == "watching INBOX: 0 messages\n")
        try server.command("deliver", ["user": bob.address, "message": "From: carol@example.test\nSubject: \u{1b}[31mNow\n\nHello.\n"])
        output = watching.output.fileHandleForReading.availableData
        #expect(String(decoding: output, as: UTF8.self) == "1\tnew\tcarol@example.test\t [31mNow\n")
    }

    @Test func mailboxesAreListed() throws {
        #expect(try run("mailboxes").output.contains("INBOX\tinbox\n"))
    }

    @Test func aWrongCommandLineIsNamed() throws {
        let wrong = try run("fly")
        #expect(wrong.status == 2 && wrong.errors == "mailreader: fly is no command; see --help\n")
        #expect(try run("--help").output.hasPrefix("Reads mail over IMAP and TLS"))
    }

    @Test func aMessageThatIsNotThereIsAnError() throws {
        let missing = try run("read", "7")
        #expect(missing.status == 1 && missing.errors == "mailreader: not-found: not found: message\n", "\(missing)")
    }

    /// Alice's message to Bob, and the key files that the program reads.
    private func deliverSealedMessage() async throws {
        let (alice, bob) = (
            try await SecretKey.generate(for: "Alice <alice@example.test>"),
            try await SecretKey.generate(for: "bob@example.test", passphrase: "open sesame")
        )
        try Data(bob.key.exportArmored().utf8).write(to: folder.appendingPathComponent("bob.asc"))
        try Data(alice.key.certificate.exportArmored().utf8).write(to: folder.appendingPathComponent("alice.asc"))
        let keyring = Keyring()
        keyring.add(alice.key)
        keyring.add(bob.key.certificate)
        let draft = Draft(
            from: "Alice <alice@example.test>", to: ["bob@example.test"], subject: "Tonight", text: "Eight, at the harbour.\n",
            attachments: [try Attachment(Data("go south\n".utf8), fileName: "map.txt", mediaType: "text/plain")])
        let sealed = try await keyring.seal(draft)
        try server.command("deliver", ["user": self.bob.address, "base64": sealed.copies[0].data.base64EncodedString()])
    }

    private func path(_ name: String) -> String {
        folder.appendingPathComponent(name).path
    }

    private func run(_ command: String..., options: [String] = []) throws -> (status: Int32, output: String, errors: String) {
        let (process, output, errors) = try start(command + options)
        let text = { (pipe: Pipe) in String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
        let (said, complained) = (text(output), text(errors))
        process.waitUntilExit()
        return (process.terminationStatus, said, complained)
    }

    private func start(_ words: String...) throws -> (process: Process, output: Pipe, errors: Pipe) {
        try start(words)
    }

    private func start(_ words: [String]) throws -> (process: Process, output: Pipe, errors: Pipe) {
        let process = Process()
        // The test program and the program under test are built into one folder.
        process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("mailreader")
        process.arguments =
            ["--server", "\(server.hello.host):\(server.hello.imap.tls)", "--user", bob.address, "--root", path("root.pem")]
            + ["--password-file", path("password")] + words
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return (process, output, errors)
    }
}
