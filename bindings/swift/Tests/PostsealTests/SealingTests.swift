import Foundation
import Postseal
import Testing

@Suite struct SealingTests {
    @Test func aSealedMessageOpens() async throws {
        let keyring = Keyring()
        let generated = try await SecretKey.generate(for: "Alice <alice@example.org>")
        keyring.add(generated.key)
        let draft = Draft(from: "Alice <alice@example.org>", to: ["alice@example.org"], subject: "Note", text: "to myself")
        let sealed = try await keyring.seal(draft)
        let opened = try await keyring.open(sealed.copies[0].data)
        #expect(opened.verdict.level == .sealed)
        #expect(opened.message.text?.trimmingCharacters(in: .newlines) == "to myself")
        #expect(opened.message.subject == "Note")
    }

    @Test func aMissingCertificateIsNamed() async throws {
        let keyring = Keyring()
        keyring.add(try await SecretKey.generate(for: "alice@example.org").key)
        let draft = Draft(from: "alice@example.org", to: ["bob@example.org"], text: "hello")
        await #expect {
            _ = try await keyring.seal(draft)
        } throws: { error in
            let error = error as? PostsealError
            return error?.code == .keyMissing && error?.facts.missing.map(\.address) == ["bob@example.org"]
        }
    }
}
