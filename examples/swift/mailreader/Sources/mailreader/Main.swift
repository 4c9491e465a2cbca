import Foundation
import Postseal

/// A command-line mail reader; `mailreader --help` tells.
@main
enum Main {
    static func main() async {
        do {
            let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
            guard arguments.command != .help else { return print(Arguments.help, terminator: "") }
            try await Reader(arguments).run()
        } catch let wrong as Arguments.Wrong {
            end("\(wrong.text); see --help", status: 2)
        } catch let error as PostsealError {
            end("\(error)", status: 1)
        } catch {
            end(error.localizedDescription, status: 1)
        }
    }

    private static func end(_ text: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("mailreader: \(text)\n".utf8))
        exit(status)
    }
}
