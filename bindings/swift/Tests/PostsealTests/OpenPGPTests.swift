import Foundation
import Postseal
import Testing

/// Keys, and OpenPGP on bytes and files.
@Suite struct OpenPGPTests {
    let data = Data("what is to be said".utf8)

    @Test func dataIsEncryptedSignedAndRead() async throws {
        let key = try await SecretKey.generate(for: "Alice <alice@example.test>", profile: .modern).key
        let (keyring, unlocked) = (Keyring(), try key.unlockUnprotected())
        keyring.add(unlocked)
        let recipients = Recipients([key.certificate], signer: unlocked)
        let decrypted = try keyring.decrypt(try OpenPGP.encrypt(data, to: recipients))
        #expect(decrypted.data == data)
        #expect(decrypted.signatures.map(\.status) == [.good(certificate: key.fingerprint, key: signer(decrypted.signatures))])

        let armored = try OpenPGP.encrypt(data, to: recipients, armored: true)
        #expect(armored.starts(with: Data("-----BEGIN PGP MESSAGE-----".utf8)))
        #expect(try keyring.decrypt(armored).data == data)

        let encryptor = try Encryptor(to: Recipients(passphrases: ["open sesame"]))
        let message = try encryptor.write(data) + encryptor.finish()
        #expect(try keyring.decrypt(message, options: OpenOptions(passphrases: ["open sesame"])).data == data)
        #expect(throws: PostsealError.self) { try encryptor.finish() }

        let detached = try OpenPGP.signature(of: data, by: unlocked)
        #expect(isGood(try keyring.verify(data, signature: detached)))
        #expect(!isGood(try keyring.verify(data + data, signature: detached)))
        let signed = try keyring.verify(try OpenPGP.sign(data, by: unlocked))
        #expect(signed.data == data && isGood(signed.signatures))
        let cleartext = try OpenPGP.sign("A text.\n", by: unlocked)
        #expect(cleartext.contains("\nA text.\n"))
        #expect(isGood(try keyring.verify(Data(cleartext.utf8)).signatures))
    }

    @Test(arguments: [(KeyProfile.compatible, 4), (.modern, 6), (.postQuantum, 6)])
    func everyProfileSealsAndSigns(profile: KeyProfile, version: Int) async throws {
        let key = try await SecretKey.generate(for: "alice@example.test", profile: profile, passphrase: "correct horse").key
        let keyring = Keyring()
        keyring.add(try await key.unlock(passphrase: "correct horse"))
        let draft = Draft(from: "alice@example.test", to: ["alice@example.test"], subject: "Hi", text: "For your eyes only.")
        let opened = try await keyring.open(keyring.seal(draft).copies[0].data)
        #expect(opened.verdict.level == .sealed)
        #expect(key.certificate.version == version)
    }

    @Test func filesAreEncryptedAndDecryptedWithProgress() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (plain, sealed, opened) = (
            folder.appendingPathComponent("plain"), folder.appendingPathComponent("sealed"), folder.appendingPathComponent("opened")
        )
        let content = Data(repeating: 7, count: 3_000_000)
        try content.write(to: plain)
        let key = try await SecretKey.generate(for: "alice@example.test", profile: .modern).key
        let keyring = Keyring()
        keyring.add(key)

        let steps = Steps()
        try await OpenPGP.encrypt(contentsOf: plain, into: sealed, to: Recipients([key.certificate]), progress: steps.step)
        #expect(steps.all.last == Steps.Step(done: content.count, total: content.count))
        let decrypted = try await keyring.decrypt(contentsOf: sealed, into: opened)
        #expect(decrypted.length == Int64(content.count))
        #expect(try Data(contentsOf: opened) == content)

        do {
            _ = try await keyring.decrypt(contentsOf: sealed, into: opened)
            Issue.record("a file was overwritten")
        } catch {
            #expect(error.code == .alreadyExists && error.facts.path == opened.path)
        }
        _ = try await keyring.decrypt(contentsOf: sealed, into: opened, overwrite: true)
    }

    @Test func keysAreStoredLockedRevokedAndFound() async throws {
        let generated = try await SecretKey.generate(for: "Alice <alice@example.test>", passphrase: "one")
        let key = try await generated.key.changePassphrase(from: "one", to: "two")
        let stored = try SecretKey(importing: key.export())
        #expect(stored.isProtected && stored.fingerprint == key.fingerprint)
        #expect(try SecretKey.importAll(Data(stored.exportArmored().utf8)).count == 1)

        let keyring = Keyring()
        keyring.add(stored)
        #expect(keyring.lockedKeys.count == 1 && keyring.unlockedKeys.isEmpty)
        try await keyring.unlock(stored.fingerprint, passphrase: "two")
        #expect(keyring.lockedKeys.isEmpty && keyring.unlockedKeys.count == 1)
        let found = try #require(try keyring.encryptionCertificate(for: "alice@example.test"))
        #expect(found.fingerprint == stored.fingerprint && found.canEncrypt && found.canSign && !found.isRevoked)
        #expect(try found.speaks(for: "ALICE@example.test") && !found.speaks(for: "bob@example.test"))
        #expect(found.userIDs.map(\.name) == ["Alice"] && found.version == 4 && found.expires == nil)
        #expect(try keyring.certificates(for: "alice@example.test").count == 1)
        #expect(try keyring.certificates(withKey: found.keyFingerprints[1]).map(\.fingerprint) == [found.fingerprint])
        #expect(try keyring.signingKey(for: "alice@example.test").fingerprint == stored.fingerprint)

        let revoked = try found.revoked(by: RevocationCertificate(importing: generated.revocation.export()))
        #expect(revoked.isRevoked && revoked.unusable != nil)
        #expect(try Certificate.importAll(Data(found.exportArmored().utf8)).count == 1)
        #expect(try found.merged(with: revoked).isRevoked)
        #expect(try keyring.remove(stored.fingerprint) && keyring.certificates.isEmpty)
        #expect(try keyring.certificate(stored.fingerprint) == nil)
    }

    @Test func noKeyShowsASecret() async throws {
        let key = try await SecretKey.generate(for: "alice@example.test", profile: .modern).key
        let unlocked = try key.unlockUnprotected()
        for shown in ["\(key)", "\(unlocked)", "\(key.certificate)"] {
            #expect(shown.contains(key.fingerprint) && shown.count < 300, "\(shown)")
        }
    }

    private func isGood(_ signatures: [SignatureResult]) -> Bool {
        signatures.allSatisfy { if case .good = $0.status { true } else { false } }
    }

    private func signer(_ signatures: [SignatureResult]) -> String {
        signatures.first?.issuer ?? ""
    }
}
