// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "mailreader",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "postseal", path: "../../../bindings/swift")],
    targets: [
        .executableTarget(name: "mailreader", dependencies: [.product(name: "Postseal", package: "postseal")]),
        .testTarget(
            name: "MailReaderTests", dependencies: ["mailreader", .product(name: "Postseal", package: "postseal")]),
    ]
)
