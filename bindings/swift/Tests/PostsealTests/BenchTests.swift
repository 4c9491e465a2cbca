import Foundation
import Postseal
import Testing

/// The benchmark's contestant does its work; how fast, `cargo xtask bench bindings` tells.
@Suite struct BenchTests {
    @Test func theContestantSendsItsFileAndFetchesIt() async throws {
        let server = try MailServer()
        let user = server.hello.users[0]
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (root, key, file) = (folder.appendingPathComponent("root"), folder.appendingPathComponent("key"), folder.appendingPathComponent("a.txt"))
        let generated = try await SecretKey.generate(for: Mailbox(address: user.address), profile: .modern)
        try Data(server.hello.ca.utf8).write(to: root)
        try generated.key.dangerousExportUnprotected().write(to: key)
        try Data("what is sent\n".utf8).write(to: file)

        let said = try contestant(
            "send-file", "\(server.hello.smtp.tls)", root.path, user.address, user.password, key.path, file.path)
        #expect(said.wholeMatch(of: /messages: 1\nseconds: \d+\.\d+(e-\d+)?\n/) != nil, "\(said)")

        let keyring = Keyring()
        keyring.add(generated.key)
        let messages = try #require(try server.command("messages", ["user": user.address]).messages)
        let opened = try await keyring.open(try #require(messages.first))
        #expect(opened.verdict.level == .sealed)
        #expect(opened.message.attachments.map(\.data) == [Data("what is sent\n".utf8)])

        let fetched = try contestant("fetch", "\(server.hello.imap.tls)", root.path, user.address, user.password)
        #expect(fetched.wholeMatch(of: /messages: 1\nbytes: \d+\nseconds: \d+\.\d+(e-\d+)?\n/) != nil, "\(fetched)")
    }

    /// Runs the contestant; what it said.
    private func contestant(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("contestant")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return said
    }
}
