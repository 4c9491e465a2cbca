// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "bench",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "postseal", path: "..")],
    targets: [
        .executableTarget(name: "contestant", dependencies: [.product(name: "Postseal", package: "postseal")])
    ]
)
