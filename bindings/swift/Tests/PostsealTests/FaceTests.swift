import Foundation
import Postseal
import Testing

/// The face against what it stands on: no error code, and no operation, is left out.
@Suite struct FaceTests {
    /// What the face does without, and why.
    static let exceptions: [String: String] = [
        "CancelToken.isCancelled": "a task knows by itself whether it was cancelled",
        "MailClient.keyring": "the face has the one that it was given",
        "errorCodes": "ErrorCode.all, which another test compares with docs/errors.md",
        "failedCallbacks": "the handlers of the face can't throw",
        "shutDown": "the same",
        "silence": "nothing of Swift's is taken down before the process ends",
    ]

    @Test func everyCodeOfTheListIsHere() throws {
        let page = try Self.text("../../docs/errors.md")
        let listed = page.split(separator: "\n").compactMap { $0.wholeMatch(of: /\| `([a-z-]+)` \|.*/)?.1 }.map(String.init)
        #expect(listed.count > 20)
        #expect(ErrorCode.all.map(\.rawValue).sorted() == listed.sorted())
    }

    @Test func everyOperationOfTheGeneratedCodeIsReached() throws {
        let generated = try Self.text("Sources/PostsealFFI/PostsealFFI.swift")
        let face = try Self.face()
        var unreached: Set<String> = []
        var operations = 0
        func look(for operation: String, named name: String, in files: [String]) {
            operations += 1
            if !files.contains(where: { $0.contains("\(name)(") }) {
                unreached.insert(operation)
            }
        }
        // A class is wrapped in the files that name the generated one, or extend the face's; one that is not wrapped is used anywhere.
        for declaration in generated.matches(of: /(?s)\npublic protocol (\w+)Protocol:.*?\n}\n/) {
            let type = declaration.1
            let files = face.filter { $0.contains("PostsealFFI.\(type)") || $0.contains("extension \(type) ") }
            let users = files.isEmpty ? face : files
            for function in declaration.0.matches(of: /\n    func `?(\w+)`?\(/) {
                look(for: "\(type).\(function.1)", named: ".\(function.1)", in: users)
            }
        }
        for function in generated.matches(of: /\npublic (?:static )?func `?([a-z]\w*)`?\(/) where !function.1.contains("niffi") {
            look(for: String(function.1), named: String(function.1), in: face)
        }
        #expect(operations > 200)
        #expect(unreached.sorted() == Self.exceptions.keys.sorted())
    }

    @Test func noSecretIsShown() throws {
        let secret = "hunter2"
        let password = try Credentials.password(secret, user: "alice@example.test")
        #expect("\(password)" == "Credentials(user: alice@example.test)")
        #expect("\(Recipients(passphrases: [secret]))" == "Recipients([], 1 passphrases)")
        #expect("\(OpenOptions(passphrases: [secret]))" == "OpenOptions(1 passphrases, maxBytes: default)")
        let login = Account.Login(.tls("smtp.example.test", port: 465), as: password)
        let client = ClientCertificate(chain: "", key: secret)
        for value: Any in [password, Recipients(passphrases: [secret]), OpenOptions(passphrases: [secret]), login, client] {
            var dumped = ""
            dump(value, to: &dumped)
            #expect(![dumped, String(reflecting: value), "\(value)"].contains { $0.contains(secret) }, "\(type(of: value))")
        }
    }

    @Test func theVersionIsThatOfTheLibrary() {
        #expect(postsealVersion.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
    }

    /// The files of the face.
    private static func face() throws -> [String] {
        let folder = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Sources/Postseal").standardizedFileURL
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }
            .map { try String(contentsOf: $0, encoding: .utf8) }
    }

    private static func text(_ path: String) throws -> String {
        let package = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL
        return try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)
    }
}
